import { allOf, TARGET, TOKEN, VALUE } from "../../base/ascii.ts";

/** What an answer may change at its place. */
export interface ActionRules {
  readonly side: "request" | "response";
  /** Host and the authority are granted. */
  readonly authority: boolean;
  /** Clusters that are granted. */
  readonly clusters: ReadonlySet<string>;
}

/** Fields of framing and of the connection, which Weir writes itself (RFC 9110 7.6.1, 9112 6). */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "upgrade",
  "proxy-connection",
  "http2-settings",
]);

/** Why a field can't be set; null: it can. */
export function fieldFault(name: string, value: string, rules: ActionRules): string | null {
  if (name === "" || !allOf(name, TOKEN)) return `${JSON.stringify(name)} is no name of a field`;
  const lower = name.toLowerCase();
  if (OWN_FIELDS.has(lower)) return `the field ${lower} is Weir's own`;
  if (lower === "host" && !rules.authority) return "the field host is not granted";
  if (!allOf(value, VALUE)) return `the value of ${lower} holds a control character, or one above U+00FF`;
  // RFC 9113 8.2.1: a message of HTTP/2 with such a value is malformed.
  if (/^[ \t]|[ \t]$/.test(value)) return `the value of ${lower} begins or ends with a blank`;
  return null;
}

/** Why a path can't be sent; null: it can. */
export function pathFault(path: string): string | null {
  return path.startsWith("/") && allOf(path, TARGET) ? null : `${JSON.stringify(path)} is no path: it begins with / and is ASCII`;
}

export function isMethod(method: string): boolean {
  return method !== "" && allOf(method, TOKEN) && method !== "CONNECT";
}
