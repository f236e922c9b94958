import { latin1, NO_BYTES, putBytes } from "../../../base/bytes.ts";
import { Fields, STRIDE } from "../../fields.ts";
import { bytesSayGrpc } from "../../grpc/content_type.ts";
import { ID } from "../../names.ts";
import { SECRET_IDS } from "./encoder_names.ts";
import {
  AUTHORITY,
  BAD_NAME,
  BAD_VALUE,
  faultOf,
  ID_MASK,
  METHOD,
  NO_FAULT,
  NOT_PSEUDO,
  PATH,
  PROTOCOL,
  pseudoOf,
  SCHEME,
  STATUS,
  UNDERSCORE,
  UNKNOWN_PSEUDO,
} from "./field_meta.ts";

/** More bytes than the limit, counted as RFC 9113 6.5.2 does. */
export const HB_TOO_LARGE = -1;
/** More fields than the limit. */
export const HB_TOO_MANY = -2;
/** An empty name, or one with upper case or what no token has (RFC 9113 8.2.1). */
export const HB_BAD_NAME = -3;
/** A control character in a value or white space at its ends (RFC 9113 8.2.1), or what no such pseudo-header field may be. */
export const HB_BAD_VALUE = -4;
/** A pseudo-header field behind a regular one (RFC 9113 8.3). */
export const HB_PSEUDO_LATE = -5;
/** The same pseudo-header field twice (RFC 9113 8.3). */
export const HB_PSEUDO_REPEATED = -6;
/** A pseudo-header field that is not defined (RFC 9113 8.3). */
export const HB_PSEUDO_UNKNOWN = -7;
/** A request's in a response, a response's in a request, any in trailers (RFC 9113 8.1, 8.3). */
export const HB_PSEUDO_KIND = -8;
/** A field of one connection, such as Transfer-Encoding, or TE that says more than `trailers` (RFC 9113 8.2.2). */
export const HB_CONNECTION_FIELD = -9;
/** A name with an underscore, where the policy is to refuse them. */
export const HB_UNDERSCORE = -10;

export interface HeaderBlockLimits {
  /** Bytes of the decoded fields, 32 more for each, as SETTINGS_MAX_HEADER_LIST_SIZE counts them (RFC 9113 6.5.2). */
  readonly fieldBytes: number;
  /** Regular fields. Crumbs of one cookie that follow each other count as one. */
  readonly fields: number;
}

export type BlockKind = "request" | "response" | "trailers";

const FIELD_OVERHEAD = 32;
/** Bytes of a line that are neither name nor value. */
const LINE_OVERHEAD = 4;
const COOKIE_LENGTH = "cookie".length;
/** Memory that blocks share until it is used up; one that is kept for long keeps no more than this of others. */
const CHUNK_BYTES = 16 * 1024;
const SP = 32;
const CR = 13;
const LF = 10;
const SEMICOLON = 0x3b;
const REQUEST_KINDS = (1 << METHOD) | (1 << SCHEME) | (1 << AUTHORITY) | (1 << PATH) | (1 << PROTOCOL);
const RESPONSE_KINDS = 1 << STATUS;
const CONTENT_TYPE_BIT = 1 << ID["content-type"];

const METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT"] as const;
const SCHEMES = ["https", "http"] as const;

/**
 * Where a decoded block lands: regular fields become lines `name: value CRLF` one behind the other, with the spans that `Fields` wants, so
 * that they go out over HTTP/1.1 as they are; pseudo-header fields become strings. Nothing is stored behind a fault, but decoding goes
 * on, so that the dynamic table stays in step with the peer's (RFC 7541 2.2).
 *
 * One serves any number of connections, as a block is decoded and taken at once: `start`, `HpackDecoder.decode`, `take`.
 */
export class HeaderBlock {
  method: string | null = null;
  scheme: string | null = null;
  authority: string | null = null;
  path: string | null = null;
  protocol: string | null = null;
  /** 100 to 999 or so: three digits; 0: none. */
  status = 0;
  /** 0, or the first fault: one of `HB_…`. */
  fault = 0;
  /** Bits of known ids that came more than once. A cookie in crumbs is one field. */
  repeated = 0;

  /** For the decoder, which writes a literal's line behind the fields that are there: `reserve`, write, `add`. */
  buf: Uint8Array = NO_BYTES;
  /** Offset behind the last field's line. */
  at = 0;

  readonly #fieldBytes: number;
  readonly #maxFields: number;
  readonly #underscores: "drop" | "keep" | "refuse";
  /** Where this block starts in `buf`. */
  #base = 0;
  /** Spans of this block up to `#spansEnd`; what lies behind is of other blocks. */
  readonly #spans: number[] = [];
  #spansEnd = 0;
  #mask = 0;
  #size = 0;
  #count = 0;
  #regular = false;
  #allowed = 0;
  #joins = false;
  #seen = 0;
  /** Index in `#spans` of the first cookie, −1: none; whether another one is apart from it. */
  #cookie = -1;
  #apart = false;
  #neverIndexed: Set<string> | null = null;
  /** A Content-Type that stood at a fault or behind it says gRPC. */
  #droppedGrpc = false;
  /**
   * Lines that follow each other in a table, as they do when they were once sent in this order: they are copied at once, at ten times the
   * speed. They are missing from `buf` until then.
   */
  #runSource: Uint8Array = NO_BYTES;
  #runFrom = 0;
  #runTo = 0;
  #runAt = 0;
  /** Of the block before: the same peer asks for the same authority. */
  #lastAuthority = "";
  #lastPath = "";

  constructor(limits: HeaderBlockLimits, underscores: "drop" | "keep" | "refuse" = "drop") {
    this.#fieldBytes = limits.fieldBytes;
    this.#maxFields = limits.fields;
    this.#underscores = underscores;
  }

  start(kind: BlockKind): void {
    this.method = this.scheme = this.authority = this.path = this.protocol = null;
    this.status = this.fault = this.repeated = 0;
    // What was made larger for one block is not kept for the next ones.
    if (this.buf.length > CHUNK_BYTES) {
      this.buf = NO_BYTES;
      this.#base = 0;
    }
    this.at = this.#base;
    this.#spansEnd = this.#runFrom = this.#runTo = 0;
    this.#runSource = NO_BYTES;
    this.#mask = this.#size = this.#count = this.#seen = 0;
    this.#regular = this.#apart = this.#droppedGrpc = false;
    this.#cookie = -1;
    this.#neverIndexed = null;
    this.#allowed = kind === "request" ? REQUEST_KINDS : kind === "response" ? RESPONSE_KINDS : 0;
    this.#joins = kind === "request";
  }

  /** The fields, which are the block's no more. */
  take(): Fields {
    this.settle();
    if (this.#apart) this.#joinCookies();
    const n = this.#spansEnd;
    const f = new Fields(n === 0 ? NO_BYTES : this.buf, this.#spans.slice(0, n), this.#mask);
    f.neverIndexed = this.#neverIndexed;
    this.#base = this.at;
    this.#spansEnd = 0;
    return f;
  }

  /** Makes sure that `n` bytes from `at` on can be written; the `keep` first of them stay as they are. `buf` and `at` may change. */
  reserve(n: number, keep: number): void {
    if (this.at + n > this.buf.length) this.#grow(n, keep);
  }

  /** Copies what `add` put off. Call it before a table changes whose lines were added. */
  settle(): void {
    if (this.#runTo > this.#runFrom) putBytes(this.buf, this.#runAt, this.#runSource, this.#runFrom, this.#runTo);
    this.#runFrom = this.#runTo = 0;
    this.#runSource = NO_BYTES;
  }

  /** Adds the field whose line `name: value CRLF` stands in `src` at `from`; at `at` of `buf` itself it stays where it is. */
  add(meta: number, src: Uint8Array, from: number, nameLength: number, valueLength: number): void {
    const kind = pseudoOf(meta);
    if (kind !== NOT_PSEUDO) {
      if (this.#admit(meta, kind, nameLength + valueLength)) this.#set(kind, src, from + nameLength + 2, valueLength);
      return;
    }
    this.#regular = true;
    this.#size += nameLength + valueLength + FIELD_OVERHEAD;
    if (this.fault === 0 && this.#size > this.#fieldBytes) this.fault = HB_TOO_LARGE;
    if (this.fault !== 0) {
      this.#drop(meta, src, from + nameLength + 2, valueLength);
      return;
    }
    const id = meta & ID_MASK;
    if (meta !== id && !this.#passes(meta)) return;
    if (id === ID.cookie && this.#cookie >= 0 && this.#joins) {
      if (this.#cookie === this.#spansEnd - STRIDE) {
        this.#addCrumb(src, from + nameLength + 2, valueLength);
        return;
      }
      this.#apart = true;
    } else if ((this.#mask & (1 << id)) !== 0) {
      this.repeated |= 1 << id;
    }
    if (++this.#count > this.#maxFields) {
      this.fault = HB_TOO_MANY;
      this.#drop(meta, src, from + nameLength + 2, valueLength);
      return;
    }
    const length = nameLength + valueLength + LINE_OVERHEAD;
    if (src !== this.buf) {
      this.reserve(length, 0);
      if (src !== this.#runSource || from !== this.#runTo || this.at - this.#runAt !== from - this.#runFrom) {
        this.settle();
        this.#runSource = src;
        this.#runFrom = from;
        this.#runAt = this.at;
      }
      this.#runTo = from + length;
    }
    const start = this.at;
    this.at = start + length;
    if (id !== 0) {
      this.#mask |= 1 << id;
      if (id === ID.cookie) this.#cookie = this.#spansEnd;
    }
    this.#push(this.#spansEnd, start, nameLength, valueLength, id);
  }

  /** RFC 7541 6.2.3: whoever sends the field on may not index it either. Its name stands at `at`; call it before `add`. */
  neverIndex(meta: number, nameLength: number): void {
    // Names that are never indexed anyway need no mark, and are those that nearly always come with one.
    if (this.fault !== 0 || (SECRET_IDS & (1 << (meta & ID_MASK))) !== 0) return;
    this.#neverIndexed ??= new Set();
    this.#neverIndexed.add(latin1(this.buf, this.at, this.at + nameLength));
  }

  /** As `add`, for a pseudo-header field whose value is there as a string already. */
  addPseudo(meta: number, size: number, value: string): void {
    const kind = pseudoOf(meta);
    if (!this.#admit(meta, kind, size)) return;
    if (kind === METHOD) this.method = value;
    else if (kind === SCHEME) this.scheme = value;
    else if (kind === AUTHORITY) this.authority = value;
    else if (kind === PATH) this.path = value;
    else this.status = Number(value);
  }

  /** Whether Content-Type says gRPC, before it is taken; of a block with a fault too, wherever that was. */
  get saysGrpc(): boolean {
    if ((this.#mask & CONTENT_TYPE_BIT) === 0) return this.#droppedGrpc;
    this.settle();
    const s = this.#spans;
    let i = 0;
    while (i < this.#spansEnd && s[i + 4] !== ID["content-type"]) i += STRIDE;
    return bytesSayGrpc(this.buf, s[i + 2]!, s[i + 3]!);
  }

  /** How the fault is to be told depends on one of the fields that are not stored. */
  #drop(meta: number, src: Uint8Array, from: number, length: number): void {
    if ((meta & ID_MASK) === ID["content-type"] && bytesSayGrpc(src, from, from + length)) this.#droppedGrpc = true;
  }

  #admit(meta: number, kind: number, size: number): boolean {
    if (this.fault !== 0) return false;
    this.#size += size + FIELD_OVERHEAD;
    if (this.#size > this.#fieldBytes) this.fault = HB_TOO_LARGE;
    else if (kind === UNKNOWN_PSEUDO) this.fault = HB_PSEUDO_UNKNOWN;
    else if ((this.#allowed & (1 << kind)) === 0) this.fault = HB_PSEUDO_KIND;
    else if (this.#regular) this.fault = HB_PSEUDO_LATE;
    else if ((this.#seen & (1 << kind)) !== 0) this.fault = HB_PSEUDO_REPEATED;
    else if (faultOf(meta) !== NO_FAULT) this.fault = HB_BAD_VALUE;
    else {
      this.#seen |= 1 << kind;
      return true;
    }
    return false;
  }

  #set(kind: number, src: Uint8Array, from: number, length: number): void {
    const to = from + length;
    if (kind === PATH) {
      if (!equalsText(src, from, to, this.#lastPath)) this.#lastPath = latin1(src, from, to);
      this.path = this.#lastPath;
    } else if (kind === AUTHORITY) {
      if (!equalsText(src, from, to, this.#lastAuthority)) this.#lastAuthority = latin1(src, from, to);
      this.authority = this.#lastAuthority;
    } else if (kind === METHOD) this.method = textOf(METHODS, src, from, to);
    else if (kind === SCHEME) this.scheme = textOf(SCHEMES, src, from, to);
    else if (kind === PROTOCOL) this.protocol = latin1(src, from, to);
    else this.status = src[from]! * 100 + src[from + 1]! * 10 + src[from + 2]! - 0x30 * 111;
  }

  /** Whether a regular field of which there is something to say may stand. */
  #passes(meta: number): boolean {
    const fault = faultOf(meta);
    if (fault !== NO_FAULT)
      this.fault = fault === BAD_NAME ? HB_BAD_NAME : fault === BAD_VALUE ? HB_BAD_VALUE : HB_CONNECTION_FIELD;
    else if ((meta & UNDERSCORE) !== 0) {
      if (this.#underscores === "keep") return true;
      if (this.#underscores === "refuse") this.fault = HB_UNDERSCORE;
      else if (++this.#count > this.#maxFields) this.fault = HB_TOO_MANY;
    }
    return false;
  }

  /** RFC 9113 8.2.3: crumbs are one cookie to whoever reads HTTP/1.1. This one follows the last. */
  #addCrumb(src: Uint8Array, from: number, length: number): void {
    this.settle();
    // A crumb that stands behind the fields moves towards them.
    if (src !== this.buf) this.reserve(length + 2, 0);
    const { buf, at } = this;
    buf[at - 2] = SEMICOLON;
    buf[at - 1] = SP;
    const end = putBytes(buf, at, src, from, from + length);
    buf[end] = CR;
    buf[end + 1] = LF;
    this.at = end + 2;
    this.#spans[this.#cookie + 3] = end;
  }

  /** Crumbs with other fields between them: one cookie behind the rest. */
  #joinCookies(): void {
    const s = this.#spans;
    const n = this.#spansEnd;
    let length = LINE_OVERHEAD;
    for (let i = 0; i < n; i += STRIDE) if (s[i + 4] === ID.cookie) length += s[i + 3]! - s[i]!;
    this.reserve(length, 0);
    const { buf, at: start } = this;
    let kept = 0;
    let end = start;
    for (let i = 0; i < n; i += STRIDE) {
      if (s[i + 4] !== ID.cookie) {
        for (let k = 0; k < STRIDE; k++) s[kept++] = s[i + k]!;
      } else if (end === start) {
        end = putBytes(buf, start, buf, s[i]!, s[i + 3]!);
      } else {
        buf[end] = SEMICOLON;
        buf[end + 1] = SP;
        end = putBytes(buf, end + 2, buf, s[i + 2]!, s[i + 3]!);
      }
    }
    buf[end] = CR;
    buf[end + 1] = LF;
    this.at = end + 2;
    this.#push(kept, start, COOKIE_LENGTH, end - start - COOKIE_LENGTH - 2, ID.cookie);
  }

  #push(n: number, start: number, nameLength: number, valueLength: number, id: number): void {
    const s = this.#spans;
    s[n] = start;
    s[n + 1] = start + nameLength;
    s[n + 2] = start + nameLength + 2;
    s[n + 3] = start + nameLength + 2 + valueLength;
    s[n + 4] = id;
    this.#spansEnd = n + STRIDE;
  }

  #grow(n: number, keep: number): void {
    this.settle();
    const base = this.#base;
    const used = this.at - base;
    const fresh = new Uint8Array(Math.max(CHUNK_BYTES, 2 * used + n));
    fresh.set(this.buf.subarray(base, this.at + keep));
    const s = this.#spans;
    for (let i = 0; i < this.#spansEnd; i += STRIDE) for (let k = 0; k < 4; k++) s[i + k]! -= base;
    this.buf = fresh;
    this.#base = 0;
    this.at = used;
  }
}

function equalsText(b: Uint8Array, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (b[from + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** The text as one of a few that nearly always come, so that no string is made. */
function textOf(usual: readonly string[], b: Uint8Array, from: number, to: number): string {
  for (let i = 0; i < usual.length; i++) if (equalsText(b, from, to, usual[i]!)) return usual[i]!;
  return latin1(b, from, to);
}
