import { CLASS, NAME, TARGET, TOKEN, VALUE } from "../../../base/ascii.ts";
import { equalsIgnoreCase } from "../../../base/bytes.ts";
import { ID, knownId } from "../../names.ts";

/**
 * What is known of a field, found out once when it is decoded and kept with it in the tables, so that a reference to it costs no look at
 * its bytes. An int: the id of `names.ts` (bits 0–4), which pseudo-header field it is (5–7), what is wrong with it (8–10), an underscore.
 */
export const ID_MASK = 31;

const PSEUDO_SHIFT = 5;
export const NOT_PSEUDO = 0;
export const METHOD = 1;
export const SCHEME = 2;
export const AUTHORITY = 3;
export const PATH = 4;
export const PROTOCOL = 5;
export const STATUS = 6;
export const UNKNOWN_PSEUDO = 7;

const FAULT_SHIFT = 8;
export const NO_FAULT = 0;
export const BAD_NAME = 1;
export const BAD_VALUE = 2;
export const CONNECTION_FIELD = 3;

export const UNDERSCORE = 1 << 11;

/** Names with their colon, at the place of their kind. */
const PSEUDO_NAMES: readonly string[] = ["", ":method", ":scheme", ":authority", ":path", ":protocol", ":status"];
const CONNECTION_IDS: number =
  (1 << ID.connection) |
  (1 << ID["keep-alive"]) |
  (1 << ID["proxy-connection"]) |
  (1 << ID["transfer-encoding"]) |
  (1 << ID.upgrade);

const COLON = 0x3a;
const HASH = 0x23;
const SP = 32;
const HTAB = 9;

/** 1: may stand in a name; 3: so may `_`, but names that hold it are treated by policy; 0: not (RFC 9113 8.2.1: upper case neither). */
const NAME_BYTE: Uint8Array = /* @__PURE__ */ buildNameBytes();

export function pseudoOf(meta: number): number {
  return (meta >>> PSEUDO_SHIFT) & 7;
}

export function faultOf(meta: number): number {
  return (meta >>> FAULT_SHIFT) & 7;
}

/** What the name `b[from, to)` tells. */
export function nameMeta(b: Uint8Array, from: number, to: number): number {
  if (from === to) return BAD_NAME << FAULT_SHIFT;
  if (b[from] === COLON) return pseudoKind(b, from, to) << PSEUDO_SHIFT;
  let seen = 1;
  for (let i = from; i < to; i++) {
    const k = NAME_BYTE[b[i]!]!;
    if (k === 0) return BAD_NAME << FAULT_SHIFT;
    seen |= k;
  }
  const id = knownId(b, from, to);
  // RFC 9113 8.2.2: a message with connection-specific fields is malformed.
  if ((CONNECTION_IDS & (1 << id)) !== 0) return (CONNECTION_FIELD << FAULT_SHIFT) | id;
  return seen === 3 ? UNDERSCORE | id : id;
}

/** What is left of a field's meta when another value is put behind its name. */
export function nameMetaOf(meta: number): number {
  const fault = faultOf(meta);
  const ofValue = fault === BAD_VALUE || (fault === CONNECTION_FIELD && (meta & ID_MASK) === ID.te);
  return ofValue ? meta & ~(7 << FAULT_SHIFT) : meta;
}

/** What the value `b[from, to)` adds to what its name told. */
export function fieldMeta(name: number, b: Uint8Array, from: number, to: number): number {
  if ((name & ~ID_MASK) !== 0 && (faultOf(name) !== NO_FAULT || pseudoOf(name) !== NOT_PSEUDO)) {
    if (faultOf(name) !== NO_FAULT || isPseudoValue(pseudoOf(name), b, from, to)) return name;
    return name | (BAD_VALUE << FAULT_SHIFT);
  }
  for (let i = from; i < to; i++) if ((CLASS[b[i]!]! & VALUE) === 0) return name | (BAD_VALUE << FAULT_SHIFT);
  // RFC 9113 8.2.1: no white space at either end.
  if (from < to && (isBlank(b[from]!) || isBlank(b[to - 1]!))) return name | (BAD_VALUE << FAULT_SHIFT);
  // RFC 9113 8.2.2: TE may say `trailers` and nothing else.
  if ((name & ID_MASK) === ID.te && !equalsIgnoreCase(b, from, to, "trailers")) return name | (CONNECTION_FIELD << FAULT_SHIFT);
  return name;
}

/**
 * Whether a pseudo-header field may have the value: what could not stand in a start line is refused here, so that it never gets into one.
 * Whether it is a good authority or path is for its reader to say.
 */
function isPseudoValue(kind: number, b: Uint8Array, from: number, to: number): boolean {
  if (kind === METHOD || kind === PROTOCOL) return from < to && isOf(TOKEN, b, from, to);
  // RFC 9113 8.3.2: three digits, as RFC 9110 15 has it.
  if (kind === STATUS) return to - from === 3 && isDigit(b[from]!) && isDigit(b[from + 1]!) && isDigit(b[from + 2]!);
  // RFC 9113 8.3.1: the path has no fragment.
  if (kind === PATH) for (let i = from; i < to; i++) if (b[i] === HASH) return false;
  return isOf(TARGET, b, from, to);
}

function isOf(allowed: number, b: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if ((CLASS[b[i]!]! & allowed) === 0) return false;
  return true;
}

function isBlank(c: number): boolean {
  return c === SP || c === HTAB;
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

function pseudoKind(b: Uint8Array, from: number, to: number): number {
  for (let kind = METHOD; kind <= STATUS; kind++) if (equalsExactly(b, from, to, PSEUDO_NAMES[kind]!)) return kind;
  return UNKNOWN_PSEUDO;
}

function equalsExactly(b: Uint8Array, from: number, to: number, s: string): boolean {
  if (to - from !== s.length) return false;
  for (let i = 0; i < s.length; i++) if (b[from + i] !== s.charCodeAt(i)) return false;
  return true;
}

function buildNameBytes(): Uint8Array {
  return CLASS.map((k, c) => ((k & NAME) !== 0 && (c < 0x41 || c > 0x5a) ? 1 : (k & TOKEN) !== 0 && (k & NAME) === 0 ? 3 : 0));
}
