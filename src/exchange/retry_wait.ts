import type { RetrySpec } from "../config/traffic_model.ts";
import type { Fields } from "../http/fields.ts";
import { parseHttpDate } from "../http/http_date.ts";

/** Before the n-th retry, from 1 on: full jitter, so that clients that failed together don't come back together. `random`: 0 to below 1. */
export function backoffMs({ baseMs, maxMs }: RetrySpec["backoff"], n: number, random: number): number {
  return random * Math.min(maxMs, baseMs * 2 ** (n - 1));
}

/** From there on a number of seconds is a time since the epoch and not a wait: nobody waits for 31 years. */
const EPOCH_SECONDS = 1_000_000_000;

/**
 * How long a reply asks to wait, in milliseconds: Retry-After (RFC 9110 10.2.3), or X-RateLimit-Reset, which some send as seconds from now
 * and some as a time since the epoch; the longer one where there are both. −1: it asks for nothing that can be read. `wall` is
 * milliseconds since the epoch.
 */
export function askedWaitMs(f: Fields, wall: number): number {
  return Math.max(retryAfter(f.get("retry-after"), wall), rateLimitReset(f.get("x-ratelimit-reset"), wall));
}

function retryAfter(text: string | null, wall: number): number {
  if (text === null) return -1;
  if (/^[0-9]{1,10}$/.test(text)) return Number(text) * 1000;
  const at = parseHttpDate(text, wall);
  return at === null ? -1 : Math.max(0, at - wall);
}

function rateLimitReset(text: string | null, wall: number): number {
  if (text === null || !/^[0-9]{1,10}(?:\.[0-9]{1,9})?$/.test(text)) return -1;
  const seconds = Number(text);
  return seconds >= EPOCH_SECONDS ? Math.max(0, seconds * 1000 - wall) : seconds * 1000;
}
