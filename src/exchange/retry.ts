import type { ProxyError } from "../base/error.ts";

/** Methods whose repetition has the effect of one (RFC 9110 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** What is known of an attempt that failed. */
export interface FailedAttempt {
  readonly error: ProxyError;
  readonly method: string;
  /** It went over a connection that had served before. */
  readonly reused: boolean;
  /** All that was sent of the body is still at hand. */
  readonly replayable: boolean;
  /** Automatic retries made for this request. */
  readonly retries: number;
}

/**
 * The one place that decides on another attempt. Without a policy there is one reason: a pooled connection that died before the first byte
 * of a reply, as it does when the upstream's idle timeout and the request cross on the wire (RFC 9112 9.3.1); it is retried once.
 */
export function mayRetry(a: FailedAttempt): boolean {
  if (a.retries >= 1 || !a.replayable || !a.reused) return false;
  return a.error.facts.retry === "ifReused" && IDEMPOTENT.has(a.method);
}
