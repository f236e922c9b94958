/** Which peer is at fault, or Weir itself. */
export type Side = "downstream" | "upstream" | "internal";
/** How much the fault ends: one request, or the connection that carried it. */
export type Scope = "stream" | "connection";
/** Whether another attempt is safe: never, only when the connection was a pooled one, or always (nothing was written). */
export type Retry = "never" | "ifReused" | "always";

/** Every way an exchange or a connection can fail. Closed: a new cause is a new member, an entry in `RESPONSE_FLAGS` and a row in docs. */
export type ErrorCode =
  // the client's request
  | "badRequest"
  | "headTooLarge"
  | "uriTooLong"
  | "tooManyFields"
  | "bodyTooLarge"
  | "unsupportedTransferCoding"
  | "unsupportedVersion"
  | "unsupportedExpectation"
  | "headTimeout"
  | "bodyTimeout"
  | "idleTimeout"
  | "writeTimeout"
  | "clientReset"
  | "clientClosed"
  | "tooManyConnections"
  | "flood"
  | "tlsHandshake"
  | "proxyHeader"
  // routing and policy
  | "noRoute"
  | "noCluster"
  | "pathRefused"
  | "upgradeRefused"
  | "methodRefused"
  | "misdirected"
  | "faultInjected"
  | "notAdmitted"
  | "filterReset"
  | "filterFailed"
  // the upstream
  | "noHost"
  | "connectRefused"
  | "connectTimeout"
  | "connectFailed"
  | "upstreamReset"
  | "upstreamClosed"
  | "upstreamProtocol"
  | "upstreamHeadTooLarge"
  | "responseTimeout"
  | "streamIdleTimeout"
  | "requestTimeout"
  | "overflow"
  // Weir
  | "draining"
  | "overloaded"
  | "noDescriptors"
  | "addressInUse"
  | "internal";

export interface ErrorFacts {
  readonly code: ErrorCode;
  readonly side: Side;
  readonly scope: Scope;
  readonly retry: Retry;
  /** HTTP status of the reply that Weir makes of this error; 0: no reply can be made, the connection is closed. */
  readonly status: number;
  readonly cause?: unknown;
}

/** The one error class of Weir. Protocol code returns it, it does not throw it. */
export class ProxyError extends Error {
  readonly facts: ErrorFacts;

  constructor(message: string, facts: ErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "ProxyError";
    this.facts = facts;
  }
}

/** A fault of the client's bytes: ends the connection, for what follows on it can't be told apart from the fault. */
export function downstreamFault(code: ErrorCode, status: number, message: string): ProxyError {
  return new ProxyError(message, { code, side: "downstream", scope: "connection", retry: "never", status });
}

/** A fault of an upstream. `retry` says when another attempt can't repeat an effect. */
export function upstreamFault(code: ErrorCode, status: number, retry: Retry, message: string, cause?: unknown): ProxyError {
  return new ProxyError(message, { code, side: "upstream", scope: "connection", retry, status, cause });
}

/** A refusal or failure of Weir's own that concerns one request. */
export function localFault(code: ErrorCode, status: number, message: string, cause?: unknown): ProxyError {
  return new ProxyError(message, { code, side: "internal", scope: "stream", retry: "never", status, cause });
}

/** What was thrown, for a log: with its stack where it has one. */
export function stackOf(e: unknown): string {
  return e instanceof Error ? (e.stack ?? e.message) : String(e);
}
