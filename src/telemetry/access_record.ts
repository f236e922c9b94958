/** What an access log line can say of one exchange, or of one session of TCP. Durations are milliseconds; −1: did not happen. Read once, when the exchange has ended. */
export interface AccessRecord {
  /** Milliseconds since the epoch when the head was complete; of a session when it was accepted. */
  readonly startWall: number;
  readonly listener: string;
  /** Peer of the connection, and the client as trusted forwarding fields tell. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly clientAddress: string;
  readonly localAddress: string;
  readonly connectionId: number;
  readonly protocol: string;
  readonly scheme: string;
  readonly method: string;
  readonly authority: string;
  /** As matched: normalised and before rewrites; the query included. */
  readonly path: string;
  /** 0: no reply was begun. */
  readonly status: number;
  /** Body bytes, and all bytes on the wire that can be told apart as this exchange's. */
  readonly requestBodyBytes: number;
  readonly responseBodyBytes: number;
  readonly requestHeadBytes: number;
  readonly responseHeadBytes: number;
  /** Head complete to last byte of the reply. */
  readonly duration: number;
  /** Head complete to last byte of the request. */
  readonly requestDuration: number;
  /** Upstream request sent to the reply's head. */
  readonly upstreamHeadDuration: number;
  /** Time to get a connection of the last attempt: 0 when pooled. */
  readonly connectDuration: number;
  readonly route: string;
  readonly cluster: string;
  readonly endpoint: string;
  /** Tries made, 0 when none reached an upstream. */
  readonly attempts: number;
  /** Why Weir replied or ended it, such as `UF`; "" when nothing of note happened. */
  readonly flags: string;
  readonly requestId: string;
  /** 0 to 16; −1: not a request of gRPC. */
  readonly grpcStatus: number;
  /** Name in the TLS hello; "": none. */
  readonly serverName: string;
  /** "": no call of a plugin failed. */
  readonly failedPlugin: string;
  requestField(name: string): string;
  responseField(name: string): string;
  /** What plugins and filters have told under a name, as text, values that are none as JSON; `key` "": all of it, as JSON. "": there is none. */
  metadataText(namespace: string, key: string): string;
}

/** Takes one line for each exchange; must not throw and must not block. */
export interface AccessLog {
  write(r: AccessRecord): void;
}
