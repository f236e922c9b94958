/** Character classes of RFC 9110 5.6.2 and RFC 9112, as tables: one load a byte in the parsers' loops. */
export const TOKEN = 1;
/** field-vchar, SP and HTAB: what a field value may hold (RFC 9110 5.5). */
export const VALUE = 2;
/** VCHAR: what a request target may hold here; a raw byte above 0x7E is refused. */
export const TARGET = 4;
/** token without `_`: names that hold one are treated by policy, so the scan must notice it. */
export const NAME = 8;
export const HEX = 16;
/** Bytes of a target that the normaliser must look at: % . / \ */
export const PATH_SPECIAL = 32;
/** uri-host and port characters (RFC 3986 3.2.2), userinfo's @ not among them. */
export const HOST = 64;
/** unreserved of RFC 3986 2.3. */
export const UNRESERVED = 128;

export const CLASS: Uint8Array = /* @__PURE__ */ buildClasses();
/** ASCII letters folded to lower case, all other bytes as they are. */
export const LOWER: Uint8Array = /* @__PURE__ */ buildLower();

/** Whether each character of `text` is a byte with one of these bits of `CLASS`. */
export function allOf(text: string, bits: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 0xff || (CLASS[c]! & bits) === 0) return false;
  }
  return true;
}

function buildClasses(): Uint8Array {
  const t = new Uint8Array(256);
  const mark = (chars: string, bit: number): void => {
    for (let i = 0; i < chars.length; i++) t[chars.charCodeAt(i)]! |= bit;
  };
  const digits = "0123456789";
  const alpha = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  mark(`!#$%&'*+-.^_\`|~${digits}${alpha}`, TOKEN);
  mark(`!#$%&'*+-.^\`|~${digits}${alpha}`, NAME);
  mark(`${digits}abcdefABCDEF`, HEX);
  mark("%./\\", PATH_SPECIAL);
  mark(`${digits}${alpha}-._~!$&'()*+,;=:[]%`, HOST);
  mark(`${digits}${alpha}-._~`, UNRESERVED);
  for (let c = 0x21; c < 0x7f; c++) t[c]! |= TARGET;
  for (let c = 0x20; c < 0x100; c++) if (c !== 0x7f) t[c]! |= VALUE;
  t[9]! |= VALUE;
  return t;
}

function buildLower(): Uint8Array {
  const t = new Uint8Array(256);
  for (let i = 0; i < 256; i++) t[i] = i >= 0x41 && i <= 0x5a ? i + 32 : i;
  return t;
}
