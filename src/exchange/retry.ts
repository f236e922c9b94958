import type { ProxyError } from "../base/error.ts";
import type { ResponseHead } from "../http/head.ts";
import { isIdempotent } from "../http/methods.ts";
import type { Reason, RetryPolicy } from "./retry_policy.ts";

/** What is known of an attempt that failed, or whose reply may not be what the client should get. */
export interface FailedAttempt {
  /** null: a reply came. */
  readonly error: ProxyError | null;
  readonly method: string;
  /** It went over a connection that had served before. */
  readonly reused: boolean;
  /** All that was sent of the body is still at hand. */
  readonly replayable: boolean;
  /** Automatic retries made for this request. */
  readonly retries: number;
}

/** What a route's policy has to do with it. */
export interface UnderPolicy {
  readonly policy: RetryPolicy;
  /** Retries made because of it. */
  readonly made: number;
  /** null: there was an error. */
  readonly reply: ResponseHead | null;
  /** The reply is its head alone. */
  readonly end: boolean;
  /** It is a call of gRPC. */
  readonly grpc: boolean;
  /** The wait before the next attempt; Infinity: the upstream asks for a longer one than the route grants. */
  readonly waitMs: number;
  /** What is left of the request's time. */
  readonly leftMs: number;
  /** The cluster has as many retries as it may have. */
  readonly budgetSpent: boolean;
}

/**
 * `automatic`: at once, on a new connection. `policy`: when the wait is over; `unbudgeted`: likewise, and it is none of the cluster's
 * retries, for no server has had work of it yet. `exhausted`: it would be worth another attempt, and the route
 * allows no more; `overBudget`: and the cluster does not. `no`: it is not.
 */
export type Verdict = "no" | "automatic" | "policy" | "unbudgeted" | "exhausted" | "overBudget";

/**
 * The one place that decides on another attempt. Without a policy there are two reasons, and one retry: a pooled connection that died before
 * the first byte of a reply, as it does when the upstream's idle timeout and the request cross on the wire (RFC 9112 9.3.1), and a stream
 * that an HTTP/2 upstream says it did not work on. Under a policy this retry is made all the same, and is none of the policy's.
 */
export function mayRetry(a: FailedAttempt, p: UnderPolicy | null = null): Verdict {
  if (!a.replayable) return "no";
  if (a.error !== null && a.retries < 1 && isLost(a.error, a)) return "automatic";
  if (p === null) return "no";
  const reason = reasonOf(a, p);
  if (!isReason(reason, a.method, p.policy)) return "no";
  // A wait that outlasts the request's time would turn a reply that is there into a timeout.
  if (p.waitMs === Number.POSITIVE_INFINITY || p.waitMs >= p.leftMs) return "no";
  if (p.made >= p.policy.spec.attempts) return "exhausted";
  if (reason === "unsent") return "unbudgeted";
  return p.budgetSpent ? "overBudget" : "policy";
}

function isLost(error: ProxyError, a: FailedAttempt): boolean {
  const { code, retry } = error.facts;
  // RFC 9113 8.7: a refused stream, or one above the last that GOAWAY names, was not worked on.
  if (retry === "always") return code === "upstreamReset" || code === "upstreamClosed";
  return retry === "ifReused" && a.reused && isIdempotent(a.method);
}

function reasonOf(a: FailedAttempt, p: UnderPolicy): Reason {
  if (a.error !== null) return p.policy.reasonOfError(a.error);
  return p.reply === null ? "none" : p.policy.reasonOfReply(p.reply, p.end, p.grpc);
}

/** All calls of gRPC are POSTs, so the method says nothing of them; naming the status that it is tried again for does. */
function isReason(r: Reason, method: string, policy: RetryPolicy): boolean {
  return r === "touched" ? policy.repeats(method) : r !== "none";
}
