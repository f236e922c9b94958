import type { ProxyError } from "../base/error.ts";
import { isIdempotent } from "../http/methods.ts";

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
 * The one place that decides on another attempt. Without a policy there are two reasons, and one retry: a pooled connection that died before
 * the first byte of a reply, as it does when the upstream's idle timeout and the request cross on the wire (RFC 9112 9.3.1), and a stream
 * that an HTTP/2 upstream says it did not work on.
 */
export function mayRetry(a: FailedAttempt): boolean {
  if (a.retries >= 1 || !a.replayable) return false;
  const { code, retry } = a.error.facts;
  // RFC 9113 8.7: a refused stream, or one above the last that GOAWAY names, was not worked on.
  if (retry === "always") return code === "upstreamReset" || code === "upstreamClosed";
  return retry === "ifReused" && a.reused && isIdempotent(a.method);
}
