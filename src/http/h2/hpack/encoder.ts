import { LOWER } from "../../../base/ascii.ts";
import { latin1, putBytes, putLatin1 } from "../../../base/bytes.ts";
import { type Fields, STRIDE } from "../../fields.ts";
import { idOfName } from "../../names.ts";
import { DEFAULT_TABLE_BYTES, type DynamicTable } from "./dynamic_table.ts";
import {
  INDEX_MASK,
  INFO_OF_ID,
  KEY_SHIFT,
  nameHash,
  nameInfo,
  POLICY_MASK,
  POLICY_SHIFT,
  REPEATS,
  SECRET,
  VARIES,
} from "./encoder_names.ts";
import { EncoderTable, equalBytes } from "./encoder_table.ts";
import { encodedLength, encodeHuffman } from "./huffman_encode.ts";
import { putInteger } from "./integer.ts";
import { STATIC_AT, STATIC_BYTES, STATIC_VALUE } from "./static_table.ts";

/** Flags and masks of RFC 7541 section 6 and 5.2. */
const INDEXED = 0x80;
const INDEXED_MASK = 0x7f;
const INDEXING = 0x40;
const INDEXING_MASK = 0x3f;
const SIZE_UPDATE = 0x20;
const SIZE_UPDATE_MASK = 0x1f;
const NEVER_INDEXED = 0x10;
const NOT_INDEXED = 0;
const NOT_INDEXED_MASK = 0x0f;
const HUFFMAN = 0x80;
const LENGTH_MASK = 0x7f;

/** Indices of the static table. */
const METHOD_GET = 2;
const METHOD_POST = 3;
const PATH_ROOT = 4;
const SCHEME_HTTP = 6;
const SCHEME_HTTPS = 7;
const STATUS_200 = 8;
const STATUS_INDEX: ReadonlyMap<number, number> = new Map(
  [200, 204, 206, 304, 400, 404, 500].map((status, i) => [status, STATUS_200 + i]),
);

/** Two updates of the table's size, 6 bytes each. */
const UPDATES_BYTES = 12;
/** What a field takes at most besides its name and value: an index and two lengths. */
const FIELD_BYTES = 18;
const STATUS_BYTES = 10 + FIELD_BYTES;
const SCRATCH_BYTES = 128;

/** Encodes the header blocks of one direction of a connection, in the order in which they are sent (RFC 7541). */
export class HpackEncoder {
  readonly #table: EncoderTable = new EncoderTable();
  readonly #maxTableBytes: number;
  readonly #huffman: boolean;
  #scratch: Uint8Array = new Uint8Array(SCRATCH_BYTES);
  /** What the table is to be from the next block on, and the least that it was to be since the last one. */
  #size: number;
  #leastSize: number;

  /**
   * `maxTableBytes` is how much of the peer's table to use. `huffman` codes strings where that makes them shorter: a fourth less of what is
   * in no table, for 2 ns (Bun) to 5 ns (Deno) a byte, which a slow link pays back and a fast one does not.
   */
  constructor(maxTableBytes: number, huffman = false) {
    this.#maxTableBytes = maxTableBytes;
    this.#huffman = huffman;
    this.#size = this.#leastSize = Math.min(maxTableBytes, DEFAULT_TABLE_BYTES);
  }

  /** The dynamic table, for tests and counters. */
  get table(): DynamicTable {
    return this.#table.entries;
  }

  /** Takes the peer's SETTINGS_HEADER_TABLE_SIZE, which the next block answers (RFC 7541 4.2). */
  setPeerTableSize(bytes: number): void {
    this.#size = Math.min(bytes, this.#maxTableBytes);
    this.#leastSize = Math.min(this.#leastSize, this.#size);
  }

  /** Bytes to have free for a block of these pseudo-header values (names may be among them) and fields; a response's status is allowed for. */
  static bound(pseudo: readonly string[], f: Fields | null): number {
    let n = UPDATES_BYTES + STATUS_BYTES;
    for (let i = 0; i < pseudo.length; i++) n += pseudo[i]!.length + ":authority".length + FIELD_BYTES;
    if (f === null) return n;
    const { spans: s, added: a } = f;
    for (let i = 0; i < s.length; i += STRIDE) n += s[i + 1]! - s[i]! + s[i + 3]! - s[i + 2]! + FIELD_BYTES;
    if (a !== null) for (let i = 0; i < a.length; i++) n += a[i]!.length + FIELD_BYTES;
    return n;
  }

  /**
   * Writes a request's block to `out` at `at`, where `bound` bytes are free; returns the offset behind it. "" leaves a pseudo-header out,
   * and a bit of `hide` the known fields with that id: the head itself stays as it is, for another attempt or the log.
   */
  encodeRequest(
    out: Uint8Array,
    at: number,
    method: string,
    scheme: string,
    authority: string,
    path: string,
    protocol: string,
    f: Fields,
    hide = 0,
  ): number {
    let p = this.#resize(out, at);
    if (f.neverIndexed !== null) {
      p = this.#markedPseudo(out, p, method, scheme, authority, path, protocol, f.neverIndexed);
      return this.#fields(out, p, f, hide);
    }
    if (method === "GET") out[p++] = INDEXED | METHOD_GET;
    else if (method === "POST") out[p++] = INDEXED | METHOD_POST;
    else if (method !== "") p = this.#text(out, p, ":method", method, REPEATS);
    if (scheme === "https") out[p++] = INDEXED | SCHEME_HTTPS;
    else if (scheme === "http") out[p++] = INDEXED | SCHEME_HTTP;
    else if (scheme !== "") p = this.#text(out, p, ":scheme", scheme, REPEATS);
    if (authority !== "") p = this.#text(out, p, ":authority", authority, REPEATS);
    if (path === "/") out[p++] = INDEXED | PATH_ROOT;
    else if (path !== "") p = this.#text(out, p, ":path", path, policyOfPath(path));
    if (protocol !== "") p = this.#text(out, p, ":protocol", protocol, REPEATS);
    return this.#fields(out, p, f, hide);
  }

  /** As `encodeRequest`, for a response. */
  encodeResponse(out: Uint8Array, at: number, status: number, f: Fields, hide = 0): number {
    let p = this.#resize(out, at);
    const index = STATUS_INDEX.get(status);
    if (f.neverIndexed?.has(":status")) p = this.#text(out, p, ":status", String(status), SECRET);
    else if (index !== undefined) out[p++] = INDEXED | index;
    else p = this.#text(out, p, ":status", String(status), REPEATS);
    return this.#fields(out, p, f, hide);
  }

  /** As `encodeRequest`, for trailers. */
  encodeTrailers(out: Uint8Array, at: number, f: Fields, hide = 0): number {
    return this.#fields(out, this.#resize(out, at), f, hide);
  }

  /** RFC 7541 4.2: the least size since the last block is told too, as it was to throw entries out. */
  #resize(out: Uint8Array, at: number): number {
    const table = this.#table.entries;
    let p = at;
    if (this.#leastSize < table.max) {
      table.resize(this.#leastSize);
      p = putInteger(out, p, SIZE_UPDATE, SIZE_UPDATE_MASK, this.#leastSize);
    }
    if (this.#size !== table.max) {
      table.resize(this.#size);
      p = putInteger(out, p, SIZE_UPDATE, SIZE_UPDATE_MASK, this.#size);
    }
    this.#leastSize = this.#size;
    return p;
  }

  /** The pseudo-header fields of a request some of whose fields are marked. */
  #markedPseudo(
    out: Uint8Array,
    at: number,
    method: string,
    scheme: string,
    authority: string,
    path: string,
    protocol: string,
    never: ReadonlySet<string>,
  ): number {
    const put = (to: number, name: string, value: string, policy: number): number =>
      value === "" ? to : this.#text(out, to, name, value, never.has(name) ? SECRET : policy);
    let p = put(at, ":method", method, REPEATS);
    p = put(p, ":scheme", scheme, REPEATS);
    // What came as Host is the authority, too.
    p = put(p, ":authority", authority, never.has("host") ? SECRET : REPEATS);
    p = put(p, ":path", path, policyOfPath(path));
    return put(p, ":protocol", protocol, REPEATS);
  }

  #fields(out: Uint8Array, at: number, f: Fields, hide: number): number {
    const { raw, spans: s, added: a, neverIndexed: never } = f;
    const hidden = hide & f.mask;
    let p = at;
    for (let i = 0; i < s.length; i += STRIDE) {
      const id = s[i + 4]!;
      // Bit 0 is no field's, and ids end below 32.
      if (id < 0 || (hidden & (1 << id)) !== 0) continue;
      const name = s[i]!;
      const nameEnd = s[i + 1]!;
      const hash = id > 0 ? 0 : nameHash(raw, name, nameEnd);
      let info = id > 0 ? INFO_OF_ID[id]! : nameInfo(raw, name, nameEnd, hash);
      // Looked for by name: what a filter has put in a marked field's place is as much of a secret.
      if (never?.has(latin1(raw, name, nameEnd).toLowerCase())) info |= SECRET << POLICY_SHIFT;
      p = this.#field(out, p, raw, name, nameEnd, s[i + 2]!, s[i + 3]!, info, hash);
    }
    if (a === null) return p;
    for (let i = 0; i < a.length; i += 2) {
      if (hidden !== 0 && (hidden & (1 << idOfName(a[i]!))) !== 0) continue;
      p = this.#text(out, p, a[i]!, a[i + 1]!, never?.has(a[i]!.toLowerCase()) ? SECRET : REPEATS);
    }
    return p;
  }

  #text(out: Uint8Array, at: number, name: string, value: string, policy: number): number {
    const nameEnd = name.length;
    const end = nameEnd + value.length;
    if (end > this.#scratch.length) this.#scratch = new Uint8Array(2 * end);
    const b = this.#scratch;
    putLatin1(b, putLatin1(b, 0, name), value);
    const hash = nameHash(b, 0, nameEnd);
    return this.#field(out, at, b, 0, nameEnd, nameEnd, end, nameInfo(b, 0, nameEnd, hash) | (policy << POLICY_SHIFT), hash);
  }

  #field(
    out: Uint8Array,
    at: number,
    b: Uint8Array,
    name: number,
    nameEnd: number,
    value: number,
    valueEnd: number,
    info: number,
    hash: number,
  ): number {
    const index = info & INDEX_MASK;
    const policy = (info >>> POLICY_SHIFT) & POLICY_MASK;
    // RFC 7541 6.2.3: never indexed, so that no one further on does it.
    if ((policy & SECRET) !== 0)
      return this.#literal(out, at, NEVER_INDEXED, NOT_INDEXED_MASK, index, b, name, nameEnd, value, valueEnd);
    if (policy === VARIES) return this.#literal(out, at, NOT_INDEXED, NOT_INDEXED_MASK, index, b, name, nameEnd, value, valueEnd);
    if (index !== 0 && isStatic(index, nameEnd - name, b, value, valueEnd)) {
      out[at] = INDEXED | index;
      return at + 1;
    }
    const table = this.#table;
    const key = info >>> KEY_SHIFT;
    const found = table.find(b, name, nameEnd, value, valueEnd, key, hash);
    if (found > 0) return putInteger(out, at, INDEXED, INDEXED_MASK, found);
    const named = index === 0 ? -found : index;
    if (!table.wants(b, nameEnd - name, value, valueEnd, key, hash))
      return this.#literal(out, at, NOT_INDEXED, NOT_INDEXED_MASK, named, b, name, nameEnd, value, valueEnd);
    // RFC 7541 4.4: the name is referred to as it is before the insertion.
    const p = this.#literal(out, at, INDEXING, INDEXING_MASK, named, b, name, nameEnd, value, valueEnd);
    table.insert(b, name, nameEnd, value, valueEnd, key, hash);
    return p;
  }

  /** RFC 7541 6.2. */
  #literal(
    out: Uint8Array,
    at: number,
    flags: number,
    mask: number,
    index: number,
    b: Uint8Array,
    name: number,
    nameEnd: number,
    value: number,
    valueEnd: number,
  ): number {
    let p = putInteger(out, at, flags, mask, index);
    if (index === 0) {
      p = putInteger(out, p, 0, LENGTH_MASK, nameEnd - name);
      // RFC 9113 8.2: names are sent in lower case.
      for (let i = name; i < nameEnd; i++) out[p++] = LOWER[b[i]!]!;
    }
    if (this.#huffman) {
      const length = encodedLength(b, value, valueEnd);
      if (length < valueEnd - value)
        return encodeHuffman(b, value, valueEnd, out, putInteger(out, p, HUFFMAN, LENGTH_MASK, length));
    }
    return putBytes(out, putInteger(out, p, 0, LENGTH_MASK, valueEnd - value), b, value, valueEnd);
  }
}

/** A query is seldom the same and may hold a secret; an RPC's path is always the same. */
function policyOfPath(path: string): number {
  return path.includes("?") ? VARIES : REPEATS;
}

function isStatic(index: number, nameLength: number, b: Uint8Array, value: number, valueEnd: number): boolean {
  const n = STATIC_VALUE[index]!;
  return n === valueEnd - value && equalBytes(STATIC_BYTES, STATIC_AT[index]! + nameLength + 2, b, value, n);
}
