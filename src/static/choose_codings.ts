import type { StaticSpec } from "../config/model.ts";

export type Coding = StaticSpec["precompressed"][number];

/** Names of files beside the one that is asked for. */
export const SUFFIX: { readonly [K in Coding]: string } = { br: ".br", gzip: ".gz", zstd: ".zst" };

/**
 * The codings of `offered` that a client takes (RFC 9110 12.5.3), those that it likes most first, equals as they are offered. Without the
 * field, or where it likes the file as it is better, none.
 */
export function chooseCodings(field: string | null, offered: readonly Coding[]): readonly Coding[] {
  if (field === null || offered.length === 0) return [];
  const weights = new Map<string, number>();
  for (const item of field.split(",")) {
    const m = /^\s*([^\s;]+)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i.exec(item);
    if (m !== null) weights.set(m[1]!.toLowerCase(), m[2] === undefined ? 1 : Number(m[2]));
  }
  const rest = weights.get("*") ?? 0;
  const weightOf = (c: Coding): number => weights.get(c) ?? (c === "gzip" ? weights.get("x-gzip") : undefined) ?? rest;
  const plain = weights.get("identity") ?? 0;
  return offered.filter((c) => weightOf(c) > 0 && weightOf(c) >= plain).sort((a, b) => weightOf(b) - weightOf(a));
}
