import { formatGrpcTimeout, parseGrpcTimeout } from "../http/grpc/timeout.ts";
import type { RequestHead } from "../http/head.ts";
import { ID } from "../http/names.ts";

/**
 * Milliseconds that a call may take from its head on: what its client allows, or what its route does if that is less. Infinity: no bound.
 * The upstream is told what the client said, as it came: at the deadline Weir resets the stream, so that an upstream that counts later
 * works no longer for it. Where the route allows less it is told that.
 */
export function grpcDeadline(head: RequestHead, maxTimeoutMs: number): number {
  const text = head.fields.getId(ID["grpc-timeout"], "grpc-timeout");
  const asked = (text === null ? null : parseGrpcTimeout(text)) ?? Number.POSITIVE_INFINITY;
  if (asked <= maxTimeoutMs) return asked;
  head.fields.set("grpc-timeout", formatGrpcTimeout(maxTimeoutMs));
  return maxTimeoutMs;
}
