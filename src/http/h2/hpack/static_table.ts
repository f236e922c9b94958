import { encodeLatin1 } from "../../../base/bytes.ts";
import { fieldMeta, nameMeta } from "./field_meta.ts";

/** RFC 7541 appendix A, from index 1 on. */
const ENTRIES: readonly string[] = [
  ":authority: ",
  ":method: GET",
  ":method: POST",
  ":path: /",
  ":path: /index.html",
  ":scheme: http",
  ":scheme: https",
  ":status: 200",
  ":status: 204",
  ":status: 206",
  ":status: 304",
  ":status: 400",
  ":status: 404",
  ":status: 500",
  "accept-charset: ",
  "accept-encoding: gzip, deflate",
  "accept-language: ",
  "accept-ranges: ",
  "accept: ",
  "access-control-allow-origin: ",
  "age: ",
  "allow: ",
  "authorization: ",
  "cache-control: ",
  "content-disposition: ",
  "content-encoding: ",
  "content-language: ",
  "content-length: ",
  "content-location: ",
  "content-range: ",
  "content-type: ",
  "cookie: ",
  "date: ",
  "etag: ",
  "expect: ",
  "expires: ",
  "from: ",
  "host: ",
  "if-match: ",
  "if-modified-since: ",
  "if-none-match: ",
  "if-range: ",
  "if-unmodified-since: ",
  "last-modified: ",
  "link: ",
  "location: ",
  "max-forwards: ",
  "proxy-authenticate: ",
  "proxy-authorization: ",
  "range: ",
  "referer: ",
  "refresh: ",
  "retry-after: ",
  "server: ",
  "set-cookie: ",
  "strict-transport-security: ",
  "transfer-encoding: ",
  "user-agent: ",
  "vary: ",
  "via: ",
  "www-authenticate: ",
];

/** Entries of the static table; the dynamic table's first has the index behind. */
export const STATIC_COUNT: number = ENTRIES.length;

/** The entries as lines `name: value CRLF`, the form in which fields are kept everywhere. */
export const STATIC_BYTES: Uint8Array = /* @__PURE__ */ encodeLatin1(ENTRIES.map((line) => `${line}\r\n`).join(""));
/** For each index: where its line starts, the lengths of its name and value, and what `field_meta.ts` knows of it. */
export const STATIC_AT: Int32Array = new Int32Array(STATIC_COUNT + 1);
export const STATIC_NAME: Int32Array = new Int32Array(STATIC_COUNT + 1);
export const STATIC_VALUE: Int32Array = new Int32Array(STATIC_COUNT + 1);
export const STATIC_META: Int32Array = new Int32Array(STATIC_COUNT + 1);
/** For each index: its value. */
export const STATIC_TEXT: readonly string[] = ["", ...ENTRIES.map((line) => line.slice(line.indexOf(": ") + 2))];

for (let i = 1, at = 0; i <= STATIC_COUNT; i++) {
  const value = STATIC_TEXT[i]!.length;
  const name = ENTRIES[i - 1]!.length - value - 2;
  STATIC_AT[i] = at;
  STATIC_NAME[i] = name;
  STATIC_VALUE[i] = value;
  STATIC_META[i] = fieldMeta(nameMeta(STATIC_BYTES, at, at + name), STATIC_BYTES, at + name + 2, at + name + 2 + value);
  at += name + value + 4;
}
