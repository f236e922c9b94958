import { type Leaf, leaf, mismatch, type Refusal, refuse } from "./leaf.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const WHOLE = /^(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+$/;
const PART = /([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)/g;
/** Timers of the runtimes hold a signed 32-bit count of milliseconds; 24 days is the largest round value below. */
const LONGEST = 24 * 86_400_000;
const WANTED = 'a duration such as "250ms", "5s", "1m30s" or "1h"';

/** Milliseconds of `250ms`, `5s`, `1m30s`, `1h`, `7d`; null: no duration. */
export function parseDuration(s: string): number | null {
  if (!WHOLE.test(s)) return null;
  let ms = 0;
  for (const [, count, unit] of s.matchAll(PART)) ms += Number(count) * UNITS[unit!]!;
  return Math.round(ms);
}

const POSITIVE = durationLeaf("Duration", 1);
const OR_ZERO = durationLeaf("DurationOrZero", 0);

/** A duration of at least `least` milliseconds. */
export function duration(least: 0 | 1 = 1): Leaf<number> {
  return least === 0 ? OR_ZERO : POSITIVE;
}

function durationLeaf(id: string, least: number): Leaf<number> {
  const json = {
    id,
    type: "string",
    pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$|\\$\\{",
    examples: ["250ms", "5s", "1m30s", "1h"],
  };
  return leaf(json, (v) => readDuration(v, least));
}

function readDuration(v: unknown, least: number): number | Refusal {
  if (v === 0 || v === "0") return least === 0 ? 0 : mismatch(WANTED);
  if (typeof v === "number") return mismatch(WANTED, `add the unit: "${v}s" or "${v}ms"`);
  if (typeof v !== "string") return mismatch(WANTED);
  const ms = parseDuration(v);
  if (ms === null) return mismatch(WANTED, hintFor(v));
  if (ms < least) return refuse(`lengthen the duration: found ${JSON.stringify(v)}, wanted at least ${least}ms`);
  if (ms > LONGEST) return refuse(`shorten the duration: found ${JSON.stringify(v)}, wanted at most 24d`);
  return ms;
}

function hintFor(v: string): string {
  if (/^[0-9]+$/.test(v)) return `add the unit: "${v}s" or "${v}ms"`;
  const compact = v
    .toLowerCase()
    .replaceAll(/\s+/g, "")
    .replaceAll(/milliseconds?|millis|msecs?/g, "ms")
    .replaceAll(/seconds?|secs?/g, "s")
    .replaceAll(/minutes?|mins?/g, "m")
    .replaceAll(/hours?|hrs?/g, "h")
    .replaceAll(/days?/g, "d");
  return parseDuration(compact) === null ? "" : `did you mean ${JSON.stringify(compact)}?`;
}
