import { type Leaf, leaf, mismatch, type Refusal, refuse } from "./leaf.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const WHOLE = /^(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+$/;
const PART = /([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)/g;
/** Timers of the runtimes hold a signed 32-bit count of milliseconds; 24 days is the largest round value below. */
const LONGEST = 24 * 86_400_000;
/** Browsers keep no cookie longer (RFC 6265bis 5.6.2). */
export const LONGEST_COOKIE = 400 * 86_400_000;
const WANTED = 'a duration such as "250ms", "5s", "1m30s" or "1h"';

/** Milliseconds of `250ms`, `5s`, `1m30s`, `1h`, `7d`; null: no duration. */
export function parseDuration(s: string): number | null {
  if (!WHOLE.test(s)) return null;
  let ms = 0;
  for (const [, count, unit] of s.matchAll(PART)) ms += Number(count) * UNITS[unit!]!;
  return Math.round(ms);
}

const POSITIVE = durationLeaf({ id: "Duration" }, 1, LONGEST);
const OR_ZERO = durationLeaf({ id: "DurationOrZero" }, 0, LONGEST);

/** A duration of `least` to `most` milliseconds; more than what timers hold is for what no timer waits for. */
export function duration(least = 1, most = LONGEST): Leaf<number> {
  if (most === LONGEST && least <= 1) return least === 0 ? OR_ZERO : POSITIVE;
  return durationLeaf({}, least, most);
}

function durationLeaf(more: { readonly id?: string }, least: number, most: number): Leaf<number> {
  const json = {
    ...more,
    type: "string",
    pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$|\\$\\{",
    examples: ["250ms", "5s", "1m30s", "1h"],
  };
  return leaf(json, (v) => readDuration(v, least, most));
}

function readDuration(v: unknown, least: number, most: number): number | Refusal {
  if (v === 0 || v === "0") return least === 0 ? 0 : mismatch(WANTED);
  if (typeof v === "number") return mismatch(WANTED, `add the unit: "${v}s" or "${v}ms"`);
  if (typeof v !== "string") return mismatch(WANTED);
  const ms = parseDuration(v);
  if (ms === null) return mismatch(WANTED, hintFor(v));
  if (ms < least)
    return refuse(
      `lengthen the duration: found ${JSON.stringify(v)}, wanted at least ${least % 1000 === 0 && least > 0 ? `${least / 1000}s` : `${least}ms`}`,
    );
  if (ms > most) return refuse(`shorten the duration: found ${JSON.stringify(v)}, wanted at most ${most / 86_400_000}d`);
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
