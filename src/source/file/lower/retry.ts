import type { RetryReason, RetrySpec } from "../../../config/traffic_model.ts";
import type { Reporter } from "../problem_list.ts";
import { type RetryConfig, retryOf } from "../schema/retry.ts";
import type { RetryReasonConfig } from "../schema/retry_reason.ts";

/** `timeoutMs` is the route's. */
export function lowerRetry(retry: RetryConfig | undefined, timeoutMs: number | null, report: Reporter): RetrySpec | null {
  if (retry === undefined || retry === null) return null;
  const c = typeof retry === "number" ? retryOf(retry) : retry;
  const { base, max = base * 10 } = c.backoff;
  if (base > max) report.error(["retry", "backoff"], "raise max or lower base: found base above max");
  if (c.perTry !== undefined && timeoutMs !== null && c.perTry >= timeoutMs)
    report.warn(["retry", "perTry"], "lower perTry: found no time in timeout for another try behind it");
  return {
    on: reasonsOf(c.on),
    attempts: c.attempts,
    methods: [...new Set(c.methods)],
    perTryMs: c.perTry ?? null,
    backoff: { baseMs: base, maxMs: max },
    retryAfterMs: c.retryAfter ?? 0,
    otherHost: c.otherHost,
    bufferBytes: c.buffer,
  };
}

/** Each once, in their order. */
function reasonsOf(c: RetryReasonConfig | readonly RetryReasonConfig[]): RetryReason[] {
  const found = new Map<string, RetryReason>();
  for (const one of Array.isArray(c) ? (c as readonly RetryReasonConfig[]) : [c as RetryReasonConfig]) {
    const reason: RetryReason = "kind" in one ? one : { kind: "header", name: one.header };
    found.set(JSON.stringify(reason), reason);
  }
  return [...found.values()];
}
