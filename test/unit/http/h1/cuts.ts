import { encodeLatin1 } from "../../../../src/base/bytes.ts";

/** The ways to hand bytes over: whole, in two pieces at every boundary, byte by byte. Fresh memory for each, as a codec owns what it gets. */
export function* cutsOf(text: string): Generator<{ readonly name: string; readonly pieces: readonly Uint8Array[] }> {
  const bytes = encodeLatin1(text);
  yield { name: "whole", pieces: [bytes.slice()] };
  for (let i = 1; i < bytes.length; i++) yield { name: `cut at ${i}`, pieces: [bytes.slice(0, i), bytes.slice(i)] };
  yield { name: "byte by byte", pieces: Array.from(bytes, (b) => Uint8Array.of(b)) };
}

/** Bytes in pieces that end at the given offsets. */
export function cutAt(text: string, offsets: readonly number[]): Uint8Array[] {
  const bytes = encodeLatin1(text);
  const ends = [...new Set(offsets)].filter((o) => o > 0 && o < bytes.length).sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, i) => bytes.slice(i === 0 ? 0 : ends[i - 1]!, end));
}
