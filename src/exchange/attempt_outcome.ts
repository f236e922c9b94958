import type { ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import { isGrpc } from "../http/grpc/content_type.ts";
import { grpcStatusIn, httpStatusOf } from "../http/grpc/status.ts";
import type { ResponseHead } from "../http/head.ts";
import type { TellOutcome } from "../upstream/types.ts";

/** What a reply's head says of its host: of gRPC without a message the status is there already. */
export function statusOfHead({ status, fields }: ResponseHead): number {
  if (status !== 200 || !isGrpc(fields)) return status;
  const code = grpcStatusIn(fields);
  return code < 0 ? status : httpStatusOf(code);
}

/** The same of the trailers behind a 200. */
export function statusOfTrailers(f: Fields): number {
  const code = grpcStatusIn(f);
  return code < 0 ? 200 : httpStatusOf(code);
}

/** Tells how an attempt ended. `status` 0 without a failure: the client gave it up before there was a reply. */
export function tellOutcome(tell: TellOutcome, status: number, failure: ProxyError | null, reused: boolean): void {
  if (failure === null && status === 0) return;
  // A pooled connection that the host had closed already says nothing of the host (RFC 9112 9.3.1).
  if (failure?.facts.retry === "ifReused" && reused) return;
  tell(status, failure);
}
