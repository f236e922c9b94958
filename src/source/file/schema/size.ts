import { type Leaf, leaf, mismatch, refuse } from "./leaf.ts";

const UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["kib", 1024],
  ["mib", 1024 ** 2],
  ["gib", 1024 ** 3],
  ["tib", 1024 ** 4],
  ["kb", 1000],
  ["mb", 1000 ** 2],
  ["gb", 1000 ** 3],
  ["tb", 1000 ** 4],
]);
const SIZE = /^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)$/;
const WANTED = 'a size such as "64KiB", "10MB" or a number of bytes';

/** Bytes of `64KiB`, `1MiB`, `10MB`, `512`; null: no size. */
export function parseSize(s: string): number | null {
  const m = SIZE.exec(s);
  const unit = m === null ? undefined : UNITS.get(m[2]!.toLowerCase());
  return unit === undefined ? null : Math.round(Number(m![1]) * unit);
}

/** A size of `least` to `most` bytes. */
export function size(least: number, most: number = Number.MAX_SAFE_INTEGER): Leaf<number> {
  const json = {
    anyOf: [
      { type: "integer", minimum: least },
      { type: "string", pattern: "^[0-9]+(\\.[0-9]+)? ?([kKmMgGtT][iI]?)?[bB]?$|\\$\\{" },
    ],
  };
  return leaf(json, (v) => {
    const bytes = typeof v === "string" ? parseSize(v) : typeof v === "number" && Number.isSafeInteger(v) ? v : null;
    if (bytes === null) return mismatch(WANTED, hintFor(v));
    if (bytes < least) return refuse(`raise the size: found ${JSON.stringify(v)}, wanted at least ${sizeText(least)}`);
    if (bytes > most) return refuse(`lower the size: found ${JSON.stringify(v)}, wanted at most ${sizeText(most)}`);
    return bytes;
  });
}

function hintFor(v: unknown): string {
  const m = typeof v === "string" ? /^([0-9.]+) ?([kmgt])$/i.exec(v) : null;
  return m === null ? "" : `did you mean "${m[1]}${m[2]!.toUpperCase()}iB"?`;
}

function sizeText(bytes: number): string {
  for (const [unit, factor] of [
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
    ["KiB", 1024],
  ] as const)
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  return `${bytes} bytes`;
}
