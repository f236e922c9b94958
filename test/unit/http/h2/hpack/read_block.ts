import { HpackDecoder } from "../../../../../src/http/h2/hpack/decoder.ts";
import { type BlockKind, HeaderBlock, type HeaderBlockLimits } from "../../../../../src/http/h2/hpack/header_block.ts";

export const LIMITS: HeaderBlockLimits = { fieldBytes: 64 * 1024, fields: 100 };

export interface Read {
  /** What `decode` returned. */
  readonly result: number;
  readonly fault: number;
  /** `:name: value` and `name: value`. */
  readonly lines: readonly string[];
}

/** Decodes a block by a decoder and into a block that may have served before. */
export function readBlock(
  b: Uint8Array,
  kind: BlockKind = "request",
  decoder: HpackDecoder = new HpackDecoder(4096),
  into: HeaderBlock = new HeaderBlock(LIMITS),
): Read {
  into.start(kind);
  const result = decoder.decode(b, 0, b.length, into);
  return { result, fault: into.fault, lines: linesOf(into) };
}

/** Takes what is in the block. */
export function linesOf(into: HeaderBlock): string[] {
  const lines: string[] = [];
  for (const name of ["method", "scheme", "authority", "path", "protocol"] as const) {
    if (into[name] !== null) lines.push(`:${name}: ${into[name]}`);
  }
  if (into.status !== 0) lines.push(`:status: ${into.status}`);
  into.take().forEach((name, value) => {
    lines.push(`${name}: ${value}`);
  });
  return lines;
}
