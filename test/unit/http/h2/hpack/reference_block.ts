import {
  type BlockKind,
  HB_BAD_NAME,
  HB_BAD_VALUE,
  HB_CONNECTION_FIELD,
  HB_PSEUDO_KIND,
  HB_PSEUDO_LATE,
  HB_PSEUDO_REPEATED,
  HB_PSEUDO_UNKNOWN,
  HB_TOO_LARGE,
  HB_TOO_MANY,
  HB_UNDERSCORE,
  type HeaderBlockLimits,
} from "../../../../../src/http/h2/hpack/header_block.ts";

const PSEUDO: Readonly<Record<string, RegExp>> = {
  ":method": /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/,
  ":scheme": /^[!-~]*$/,
  ":authority": /^[!-~]*$/,
  ":path": /^[!"$-~]*$/,
  ":protocol": /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/,
  ":status": /^[0-9]{3}$/,
};
const CONNECTION = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);

/** RFC 9113 8.2 and 8.3 with regular expressions: the first fault, and what was taken before it. */
export function judge(
  fields: readonly (readonly [name: string, value: string])[],
  kind: BlockKind,
  limits: HeaderBlockLimits,
  underscores: "drop" | "keep" | "refuse",
): { fault: number; lines: string[] } {
  const pseudo = new Map<string, string>();
  let regular: { name: string; values: string[] }[] = [];
  let apart = false;
  let late = false;
  let size = 0;
  let count = 0;
  let fault = 0;
  for (const [name, value] of fields) {
    size += name.length + value.length + 32;
    if (name.startsWith(":")) {
      const wanted = PSEUDO[name];
      if (size > limits.fieldBytes) fault = HB_TOO_LARGE;
      else if (wanted === undefined) fault = HB_PSEUDO_UNKNOWN;
      else if (kind === "trailers" || (name === ":status") !== (kind === "response")) fault = HB_PSEUDO_KIND;
      else if (late) fault = HB_PSEUDO_LATE;
      else if (pseudo.has(name)) fault = HB_PSEUDO_REPEATED;
      else if (!wanted.test(value)) fault = HB_BAD_VALUE;
      if (fault !== 0) break;
      pseudo.set(name, value);
      continue;
    }
    late = true;
    if (size > limits.fieldBytes) fault = HB_TOO_LARGE;
    else if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) fault = HB_BAD_NAME;
    else if (CONNECTION.has(name)) fault = HB_CONNECTION_FIELD;
    else if (!/^[\t -~\x80-\xff]*$/.test(value) || /^[ \t]|[ \t]$/.test(value)) fault = HB_BAD_VALUE;
    else if (name === "te" && value.toLowerCase() !== "trailers") fault = HB_CONNECTION_FIELD;
    else if (name.includes("_") && underscores === "refuse") fault = HB_UNDERSCORE;
    if (fault !== 0) break;
    const last = regular[regular.length - 1];
    if (name === "cookie" && kind === "request" && last?.name === "cookie") {
      last.values.push(value);
      continue;
    }
    if (++count > limits.fields) {
      fault = HB_TOO_MANY;
      // Crumbs apart are joined once there are some, the one over the limit among them.
      if (name === "cookie" && kind === "request" && regular.some((f) => f.name === "cookie")) apart = true;
      break;
    }
    if (name.includes("_") && underscores === "drop") continue;
    if (name === "cookie" && kind === "request" && regular.some((f) => f.name === "cookie")) apart = true;
    regular.push({ name, values: [value] });
  }
  if (apart) {
    const values = regular.filter((f) => f.name === "cookie").flatMap((f) => f.values);
    regular = [...regular.filter((f) => f.name !== "cookie"), { name: "cookie", values }];
  }
  const lines = [":method", ":scheme", ":authority", ":path", ":protocol", ":status"]
    .filter((name) => pseudo.has(name) && pseudo.get(name) !== "000")
    .map((name) => `${name}: ${name === ":status" ? Number(pseudo.get(name)) : pseudo.get(name)}`);
  return { fault, lines: [...lines, ...regular.map((f) => `${f.name}: ${f.values.join("; ")}`)] };
}
