import type { ErrorCode } from "../base/error.ts";

export interface ResponseFlag {
  /** What stands in the access log; Envoy's name where Envoy has one. */
  readonly flag: string;
  /** One sentence for docs and `explain`; no final period. */
  readonly meaning: string;
}

/** Why Weir made a reply or ended an exchange: one flag for every error code. Two codes may share a flag; the status tells them apart. */
export const RESPONSE_FLAGS: Readonly<Record<ErrorCode, ResponseFlag>> = Object.freeze({
  badRequest: { flag: "DPE", meaning: "The request breaks the protocol, or two parsers could read it two ways" },
  headTooLarge: { flag: "DPE", meaning: "The request's head is larger than the listener's limit" },
  uriTooLong: { flag: "DPE", meaning: "The request line is longer than the listener's limit" },
  tooManyFields: { flag: "DPE", meaning: "The request has more fields than the listener's limit" },
  bodyTooLarge: { flag: "BL", meaning: "The request's body is larger than the limit of its route or listener" },
  unsupportedTransferCoding: { flag: "DPE", meaning: "The request has a transfer coding other than chunked" },
  unsupportedVersion: { flag: "DPE", meaning: "The request has a protocol version that is not served" },
  unsupportedExpectation: { flag: "EX", meaning: "The request expects something other than 100-continue" },
  headTimeout: { flag: "RT", meaning: "The client took too long to send the request's head" },
  bodyTimeout: { flag: "RT", meaning: "The client took too long to send the next part of the request's body" },
  idleTimeout: { flag: "SI", meaning: "Nothing moved on the connection or the tunnel for its idle timeout" },
  writeTimeout: { flag: "WT", meaning: "The client took nothing of the reply for too long" },
  clientReset: { flag: "DR", meaning: "The client reset the connection or the stream" },
  clientClosed: { flag: "DC", meaning: "The client closed the connection before the exchange had ended, or its session begun" },
  tooManyConnections: { flag: "OM", meaning: "A cap on connections was reached" },
  flood: { flag: "FL", meaning: "The peer went past a budget of its HTTP/2 connection" },
  tlsHandshake: { flag: "UF", meaning: "The TLS handshake with the upstream, or with the client, failed" },
  proxyHeader: { flag: "PP", meaning: "A trusted proxy began the connection with no PROXY header, or with a bad one" },
  noRoute: { flag: "NR", meaning: "No route matches the request, or no chain of the listener the connection" },
  noCluster: { flag: "NC", meaning: "The route's cluster does not exist" },
  pathRefused: { flag: "DPE", meaning: "The path holds an encoded slash, a backslash or a NUL that its route does not take" },
  upgradeRefused: { flag: "UG", meaning: "The route does not let this upgrade or CONNECT through" },
  methodRefused: { flag: "MR", meaning: "The method ends at Weir and is not served" },
  misdirected: { flag: "MD", meaning: "The request is for an authority that this connection must not serve" },
  faultInjected: { flag: "FI", meaning: "A fault filter answered the request" },
  notAdmitted: { flag: "AC", meaning: "An admission filter shed the request, for too few before it succeeded" },
  filterReset: { flag: "FR", meaning: "A filter or a plugin reset the request" },
  filterFailed: {
    flag: "FF",
    meaning: "A call of a plugin failed, whatever became of its exchange; failed_plugin in the access log names it",
  },
  noHost: { flag: "UH", meaning: "The cluster has no host that may take the request" },
  connectRefused: { flag: "UF", meaning: "The upstream refused the connection" },
  connectTimeout: { flag: "UF", meaning: "The upstream did not take the connection in time" },
  connectFailed: { flag: "UF", meaning: "The upstream could not be reached, or its name not be resolved" },
  upstreamReset: { flag: "UR", meaning: "The upstream reset the connection or the stream" },
  upstreamClosed: { flag: "UC", meaning: "The upstream closed the connection before its reply was complete" },
  upstreamProtocol: { flag: "UPE", meaning: "The upstream's reply breaks the protocol" },
  upstreamHeadTooLarge: { flag: "UPE", meaning: "The head of the upstream's reply is larger than the limit" },
  responseTimeout: { flag: "UT", meaning: "The head of the upstream's reply did not come in time" },
  streamIdleTimeout: { flag: "SI", meaning: "Nothing moved in either direction for the stream's idle timeout" },
  requestTimeout: { flag: "UT", meaning: "The exchange took longer than its route's timeout" },
  overflow: { flag: "UO", meaning: "A limit of the cluster was reached" },
  draining: { flag: "DN", meaning: "Weir is draining: it takes no new requests, and cut what was left at the limit" },
  overloaded: { flag: "OM", meaning: "The process is under more pressure than it takes new requests with" },
  noDescriptors: { flag: "OM", meaning: "The process has no file descriptors left" },
  addressInUse: { flag: "IE", meaning: "A local address was taken" },
  internal: { flag: "IE", meaning: "A fault inside Weir; the event log tells more" },
});

/** Of a request that a fault filter held back; it is no fault that ends anything. */
export const DELAY_FLAG = "DI";

/** Why a request was not tried once more that would have been worth it: they stand before the flag of what became of it. */
export const RETRY_FLAGS = Object.freeze({
  exhausted: { flag: "URX", meaning: "The route's retries were used up" },
  overBudget: { flag: "RO", meaning: "The cluster had as many retries as it may have" },
} satisfies Record<string, ResponseFlag>);

/** All codes in the order of the table: the cells of counters by code. */
export const ERROR_CODES: readonly ErrorCode[] = Object.freeze(Object.keys(RESPONSE_FLAGS) as ErrorCode[]);

const CELLS: ReadonlyMap<ErrorCode, number> = new Map(ERROR_CODES.map((code, i) => [code, i]));

/** The flag for a fault, such as `UF`. */
export function flagOf(code: ErrorCode): string {
  return RESPONSE_FLAGS[code].flag;
}

/** Index in `ERROR_CODES`. */
export function errorCell(code: ErrorCode): number {
  return CELLS.get(code)!;
}
