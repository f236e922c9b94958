import type { ErrorCode } from "../../base/error.ts";
import { CANCEL, CONNECT_ERROR, ENHANCE_YOUR_CALM, INTERNAL_ERROR, PROTOCOL_ERROR } from "./error_codes.ts";

/** What a stream of a client's carries, as far as the code of its reset depends on it. */
export type StreamKind = "message" | "call" | "connect" | "extended";

type Cause = "broken" | "flood" | "givenUp" | "upstream" | "own";

/*
 * message   Clients take CANCEL, as NO_ERROR, for an end (node:http2 does), and a reply that was cut short must never pass for a whole one.
 * call      A call's end is told by its status, so a cut one can't; CANCEL is how a server cancels one (grpc/doc/PROTOCOL-HTTP2.md, Errors).
 * connect   RFC 9113 8.5: any error of the TCP connection behind it is CONNECT_ERROR.
 * extended  RFC 8441 5: a reset of that connection is CANCEL.
 */
const CODES: Readonly<Record<Cause, Readonly<Record<StreamKind, number>>>> = {
  broken: { message: PROTOCOL_ERROR, call: PROTOCOL_ERROR, connect: PROTOCOL_ERROR, extended: PROTOCOL_ERROR },
  flood: { message: ENHANCE_YOUR_CALM, call: ENHANCE_YOUR_CALM, connect: ENHANCE_YOUR_CALM, extended: ENHANCE_YOUR_CALM },
  givenUp: { message: INTERNAL_ERROR, call: CANCEL, connect: CANCEL, extended: CANCEL },
  upstream: { message: INTERNAL_ERROR, call: INTERNAL_ERROR, connect: CONNECT_ERROR, extended: CANCEL },
  own: { message: INTERNAL_ERROR, call: INTERNAL_ERROR, connect: INTERNAL_ERROR, extended: INTERNAL_ERROR },
};

/** Faults that are answered before a reply begins have a row for when one has. */
const CAUSES: Readonly<Record<ErrorCode, Cause>> = {
  badRequest: "broken",
  headTooLarge: "givenUp",
  uriTooLong: "givenUp",
  tooManyFields: "givenUp",
  bodyTooLarge: "givenUp",
  unsupportedTransferCoding: "givenUp",
  unsupportedVersion: "givenUp",
  unsupportedExpectation: "givenUp",
  headTimeout: "givenUp",
  bodyTimeout: "givenUp",
  idleTimeout: "givenUp",
  writeTimeout: "givenUp",
  clientReset: "givenUp",
  clientClosed: "givenUp",
  tooManyConnections: "givenUp",
  flood: "flood",
  tlsHandshake: "upstream",
  proxyHeader: "broken",
  noRoute: "givenUp",
  noCluster: "givenUp",
  pathRefused: "givenUp",
  upgradeRefused: "givenUp",
  methodRefused: "givenUp",
  misdirected: "givenUp",
  faultInjected: "givenUp",
  notAdmitted: "givenUp",
  filterReset: "givenUp",
  filterFailed: "givenUp",
  noHost: "upstream",
  connectRefused: "upstream",
  connectTimeout: "upstream",
  connectFailed: "upstream",
  upstreamReset: "upstream",
  upstreamClosed: "upstream",
  upstreamProtocol: "upstream",
  upstreamHeadTooLarge: "upstream",
  responseTimeout: "givenUp",
  streamIdleTimeout: "givenUp",
  requestTimeout: "givenUp",
  overflow: "upstream",
  draining: "givenUp",
  overloaded: "givenUp",
  noDescriptors: "own",
  addressInUse: "own",
  internal: "own",
};

/** The code of the RST_STREAM that ends a client's stream for that fault, where a reply can't tell it any more (RFC 9113 7). */
export function resetCode(code: ErrorCode, kind: StreamKind): number {
  return CODES[CAUSES[code]][kind];
}
