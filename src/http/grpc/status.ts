import type { Fields } from "../fields.ts";

/** Status codes of gRPC that Weir gives itself, or reads (grpc/doc/statuscodes.md). */
export const GRPC_STATUS = {
  cancelled: 1,
  unknown: 2,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/** The highest code that there is. */
const HIGHEST = 16;

/** What a client takes a reply for that has an HTTP status and no grpc-status (grpc/doc/http-grpc-status-mapping.md). */
export function grpcStatusOf(status: number): number {
  switch (status) {
    case 400:
      return GRPC_STATUS.internal;
    case 401:
      return GRPC_STATUS.unauthenticated;
    case 403:
      return GRPC_STATUS.permissionDenied;
    case 404:
      return GRPC_STATUS.unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return GRPC_STATUS.unavailable;
    default:
      return GRPC_STATUS.unknown;
  }
}

/**
 * What a grpc-status says of whoever sent it, as a status of HTTP (Envoy's mapping, but for unimplemented: a client that asks for what is
 * not there must not pass for a server that fails).
 */
export function httpStatusOf(code: number): number {
  return HTTP_STATUS[code] ?? 500;
}

const HTTP_STATUS: readonly number[] = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 404, 500, 503, 500, 401];

/** grpc-status of a head or of trailers; −1: there is none. What is no code counts as unknown, as clients take it. */
export function grpcStatusIn(f: Fields): number {
  const text = f.get("grpc-status");
  if (text === null) return -1;
  return /^[0-9]{1,2}$/.test(text) && Number(text) <= HIGHEST ? Number(text) : GRPC_STATUS.unknown;
}
