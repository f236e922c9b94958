import { z } from "zod";
import { CLASS, TOKEN, VALUE } from "../../../base/ascii.ts";
import { type Leaf, leaf, type Refusal, refuse } from "./leaf.ts";
import { wantText } from "./scalar.ts";

/** Fields of one connection or of the framing (RFC 9110 7.6.1, RFC 9112 6): the codecs own them, a config can't set them. */
const OWNED: ReadonlyMap<string, string> = new Map([
  ["connection", "it belongs to one connection"],
  ["keep-alive", "it belongs to one connection"],
  ["proxy-connection", "it belongs to one connection"],
  ["te", "it belongs to one connection"],
  ["trailer", "it belongs to the framing"],
  ["transfer-encoding", "it belongs to the framing"],
  ["content-length", "it belongs to the framing"],
  ["upgrade", 'it belongs to one connection; "upgrade" of a route lets protocols through'],
  ["http2-settings", "it belongs to one connection"],
]);

/** A field name to match on; lower case. */
export function headerName(): Leaf<string> {
  return leaf({ type: "string", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" }, (v) => {
    const name = readName(v);
    return typeof name === "string" ? name.toLowerCase() : name;
  });
}

/** A field name that a config may set, add or remove; its case is kept. */
export function changeableName(of: "request" | "response" | "probe"): Leaf<string> {
  return leaf({ type: "string", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" }, (v) => {
    const name = readName(v);
    if (typeof name !== "string") return name;
    const lower = name.toLowerCase();
    const owner = OWNED.get(lower);
    if (owner !== undefined) return refuse(`leave ${JSON.stringify(name)} to Weir: ${owner}`);
    if (lower === "host" && of === "request")
      return refuse('use "rewrite" instead: found "Host" among the fields to change', 'rewrite: { host: "example.com" }');
    if (lower === "host" && of === "probe") return refuse('use "host" instead: found "Host" among the fields');
    return name;
  });
}

function readName(v: unknown): string | Refusal {
  if (typeof v !== "string") return wantText("a field name", v);
  const wrong = [...v].find((c) => c.charCodeAt(0) > 0x7f || (CLASS[c.charCodeAt(0)]! & TOKEN) === 0);
  if (v === "") return refuse('write a field name: found ""');
  if (wrong === undefined) return v;
  return refuse(`correct the field name: found ${JSON.stringify(v)}, and ${JSON.stringify(wrong)} can't stand in a name`);
}

/** A field value as bytes (chars below 0x100): what is not ASCII is sent as UTF-8. */
export function headerValue(): Leaf<string> {
  return leaf({ type: "string", pattern: "^[^\\r\\n\\u0000]*$" }, (v) => {
    if (typeof v !== "string") return wantText("a string", v);
    const bytes = String.fromCharCode(...new TextEncoder().encode(v));
    for (let i = 0; i < bytes.length; i++) {
      if ((CLASS[bytes.charCodeAt(i)]! & VALUE) !== 0) continue;
      const found = JSON.stringify(bytes[i]);
      return refuse(`remove the control character: found ${found} in the value, and RFC 9110 5.5 lets none but tabs stand there`);
    }
    if (bytes !== bytes.trim())
      return refuse(`remove the space around the value: found ${JSON.stringify(v)}, and recipients drop it`);
    return bytes;
  });
}

export type HeaderOps = z.output<ReturnType<typeof headerOps>>;

/** Changes to a message's fields. */
export function headerOps(of: "request" | "response") {
  const name = changeableName(of);
  return z.strictObject({
    set: z.record(name, headerValue()).optional().describe("Fields that replace every field of their name"),
    add: z
      .record(name, z.union([headerValue(), z.array(headerValue())]))
      .optional()
      .describe("Fields that are added to those of their name; a list adds several"),
    remove: z.array(name).optional().describe("Names of fields to remove"),
  });
}
