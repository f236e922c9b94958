import { encodeLatin1 } from "../base/bytes.ts";
import { Fields } from "../http/fields.ts";
import type { Reply } from "./types.ts";

export { Fields } from "../http/fields.ts";
export { BodyGatherer, type GathererOptions } from "./body_gatherer.ts";
export { forgetLength, setLength } from "./body_length.ts";
export type { BodyOut, Filter, FilterExchange, HostChoice, Reply } from "./types.ts";
export { HOLD } from "./types.ts";
export { RESET, redirectTo } from "./verdicts.ts";

/**
 * The reply of a filter, such as `reply(403, "no\n")`. `fields` are names with values; Date and Content-Length are added.
 * Throws a TypeError for a value that no field may hold, and a RangeError for a status that ends no exchange.
 */
export function reply(status: number, body: string | Uint8Array = "", fields: Readonly<Record<string, string>> = {}): Reply {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new RangeError(`give a status from 200 to 599, found ${status}`);
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body.slice();
  const head = Fields.empty();
  // As the runtime checks them.
  new Headers(fields).forEach((value, name) => {
    head.add(name, value);
  });
  if (bytes.length > 0 && !head.has("content-type")) head.add("Content-Type", "text/plain; charset=utf-8");
  // RFC 9110 8.6, 15.3.5: a 204 has none.
  if (status !== 204 && status !== 304) head.set("Content-Length", `${bytes.length}`);
  return { head: { status, reason: "", fields: head, contentLength: bytes.length, upgrade: "" }, body: bytes };
}

/** Text of fields and of ASCII bodies as bytes. */
export const encodeBytes: (text: string) => Uint8Array = encodeLatin1;
