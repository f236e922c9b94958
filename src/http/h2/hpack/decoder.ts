import { putBytes } from "../../../base/bytes.ts";
import { DEFAULT_TABLE_BYTES, DynamicTable } from "./dynamic_table.ts";
import { fieldMeta, NOT_PSEUDO, nameMeta, nameMetaOf, pseudoOf } from "./field_meta.ts";
import type { HeaderBlock } from "./header_block.ts";
import { decodedBound, decodeHuffman } from "./huffman_decode.ts";
import { LENGTH_BITS, readInteger } from "./integer.ts";
import { BLOCK_REPRESENTATIONS } from "./limits.ts";
import { STATIC_AT, STATIC_BYTES, STATIC_COUNT, STATIC_META, STATIC_NAME, STATIC_TEXT, STATIC_VALUE } from "./static_table.ts";

/** The block can't be decoded, and so no later one: a connection error of that name (RFC 9113 4.3). */
export const H_COMPRESSION_ERROR = -1;

const INDEXED = 0x80;
const INDEXING = 0x40;
const SIZE_UPDATE = 0x20;
const NEVER_INDEXED = 0x10;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;
const COLON = 0x3a;
const SP = 32;
const CR = 13;
const LF = 10;

/** Decodes the header blocks of one direction of a connection, in the order in which they come (RFC 7541). */
export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #maxTableBytes: number;
  /** The largest table that the peer may now ask for. */
  #allowed: number;
  /** The peer knows of a table smaller than it has and must say so first (RFC 7541 4.2). */
  #mustShrink = false;

  /**
   * `maxTableBytes` is our SETTINGS_HEADER_TABLE_SIZE. The table has the default size until the peer changes it; where `maxTableBytes` is
   * less, it may use the default until `acknowledged`.
   */
  constructor(maxTableBytes: number) {
    this.#table = new DynamicTable(DEFAULT_TABLE_BYTES);
    this.#maxTableBytes = maxTableBytes;
    this.#allowed = Math.max(maxTableBytes, DEFAULT_TABLE_BYTES);
  }

  /** The peer has acknowledged our settings: the limit holds from the next block on (RFC 9113 4.3.1). */
  acknowledged(): void {
    this.#allowed = this.#maxTableBytes;
    this.#mustShrink = this.#table.max > this.#allowed;
  }

  /** The dynamic table, for tests and counters. */
  get table(): DynamicTable {
    return this.#table;
  }

  /** Decodes the one whole block `b[from, to)` into `into`, which was started. 0, or `H_COMPRESSION_ERROR`; faults of fields are `into`'s. */
  decode(b: Uint8Array, from: number, to: number, into: HeaderBlock): number {
    const table = this.#table;
    let p = from;
    let count = 0;
    let updates = true;
    while (p < to) {
      if (++count > BLOCK_REPRESENTATIONS) return H_COMPRESSION_ERROR;
      const c = b[p]!;
      if (c >= INDEXED) {
        if (this.#mustShrink) return H_COMPRESSION_ERROR;
        let index = c & 0x7f;
        if (index < 0x7f) p++;
        else {
          const r = readInteger(b, p, to, 0x7f);
          if (r < 0) return H_COMPRESSION_ERROR;
          index = r >>> LENGTH_BITS;
          p += r & LENGTH_MASK;
        }
        if (index > STATIC_COUNT) {
          const i = index - STATIC_COUNT - 1;
          // RFC 7541 2.3.3: behind the end of both tables there is nothing.
          if (i >= table.count) return H_COMPRESSION_ERROR;
          const slot = table.slotOf(table.inserted - i);
          into.add(table.meta(slot), table.bytes, table.lineAt(slot), table.nameLength(slot), table.valueLength(slot));
        } else {
          // RFC 7541 6.1: index 0 is an error.
          if (index === 0) return H_COMPRESSION_ERROR;
          addStatic(into, index);
        }
      } else if (c < INDEXING && c >= SIZE_UPDATE) {
        // RFC 7541 4.2: at the beginning of a block and nowhere else.
        if (!updates) return H_COMPRESSION_ERROR;
        const r = readInteger(b, p, to, 0x1f);
        // RFC 7541 6.3: at most what was set by us.
        if (r < 0 || r >>> LENGTH_BITS > this.#allowed) return H_COMPRESSION_ERROR;
        table.resize(r >>> LENGTH_BITS);
        this.#mustShrink = false;
        p += r & LENGTH_MASK;
        continue;
      } else {
        if (this.#mustShrink) return H_COMPRESSION_ERROR;
        p = this.#literal(b, p, to, into);
        if (p < 0) return H_COMPRESSION_ERROR;
      }
      updates = false;
    }
    return 0;
  }

  /** RFC 7541 6.2. Returns the offset behind it, or −1. */
  #literal(b: Uint8Array, at: number, to: number, into: HeaderBlock): number {
    const c = b[at]!;
    const indexing = c >= INDEXING;
    let r = readInteger(b, at, to, indexing ? 0x3f : 0x0f);
    if (r < 0) return -1;
    let p = at + (r & LENGTH_MASK);
    const index = r >>> LENGTH_BITS;
    // The line is put together behind the block's others, from where a regular field has not to be moved.
    let nameLength = 0;
    let meta = 0;
    if (index === 0) {
      r = readInteger(b, p, to, 0x7f);
      if (r < 0) return -1;
      const huffman = b[p]! >= 0x80;
      p += r & LENGTH_MASK;
      const end = p + (r >>> LENGTH_BITS);
      if (end > to) return -1;
      into.reserve(huffman ? decodedBound(end - p) : end - p, 0);
      const { buf, at: start } = into;
      const nameEnd = huffman ? decodeHuffman(b, p, end, buf, start) : putBytes(buf, start, b, p, end);
      if (nameEnd < 0) return -1;
      nameLength = nameEnd - start;
      meta = nameMeta(buf, start, nameEnd);
      p = end;
    } else if (index <= STATIC_COUNT) {
      nameLength = STATIC_NAME[index]!;
      meta = nameMetaOf(STATIC_META[index]!);
      into.reserve(nameLength, 0);
      putBytes(into.buf, into.at, STATIC_BYTES, STATIC_AT[index]!, STATIC_AT[index]! + nameLength);
    } else {
      const table = this.#table;
      const i = index - STATIC_COUNT - 1;
      if (i >= table.count) return -1;
      const slot = table.slotOf(table.inserted - i);
      nameLength = table.nameLength(slot);
      meta = nameMetaOf(table.meta(slot));
      into.reserve(nameLength, 0);
      putBytes(into.buf, into.at, table.bytes, table.lineAt(slot), table.lineAt(slot) + nameLength);
    }
    r = readInteger(b, p, to, 0x7f);
    if (r < 0) return -1;
    const huffman = b[p]! >= 0x80;
    p += r & LENGTH_MASK;
    const end = p + (r >>> LENGTH_BITS);
    if (end > to) return -1;
    into.reserve(nameLength + 4 + (huffman ? decodedBound(end - p) : end - p), nameLength);
    const { buf, at: start } = into;
    const value = start + nameLength + 2;
    const valueEnd = huffman ? decodeHuffman(b, p, end, buf, value) : putBytes(buf, value, b, p, end);
    if (valueEnd < 0) return -1;
    buf[value - 2] = COLON;
    buf[value - 1] = SP;
    buf[valueEnd] = CR;
    buf[valueEnd + 1] = LF;
    meta = fieldMeta(meta, buf, value, valueEnd);
    // First, as a crumb of a cookie is moved by `add`.
    if (indexing) {
      into.settle();
      const entry = this.#table.insert(nameLength, valueEnd - value, meta, 0);
      if (entry >= 0) putBytes(this.#table.bytes, entry, buf, start, valueEnd + 2);
    } else if (c >= NEVER_INDEXED) into.neverIndex(meta, nameLength);
    into.add(meta, buf, start, nameLength, valueEnd - value);
    return end;
  }
}

function addStatic(into: HeaderBlock, index: number): void {
  const meta = STATIC_META[index]!;
  const nameLength = STATIC_NAME[index]!;
  const valueLength = STATIC_VALUE[index]!;
  if (pseudoOf(meta) !== NOT_PSEUDO) into.addPseudo(meta, nameLength + valueLength, STATIC_TEXT[index]!);
  else into.add(meta, STATIC_BYTES, STATIC_AT[index]!, nameLength, valueLength);
}
