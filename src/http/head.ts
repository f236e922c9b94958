import type { Fields } from "./fields.ts";

/** The head of a request, in one form for every protocol. Plain data: filters and the exchange change it in place. */
export interface RequestHead {
  /** "HTTP/1.0", "HTTP/1.1", "HTTP/2", or an RPC protocol's name. */
  protocol: string;
  method: string;
  /** "http" or "https", as the client used it. */
  scheme: string;
  /** Host and optional port as received (RFC 9110 7.2); "" only for HTTP/1.0 without Host. */
  authority: string;
  /** Normalised path and query; "*" for OPTIONS in asterisk-form; the authority for CONNECT. */
  path: string;
  /** Flags of `http/path.ts`: what the target held that a route may refuse. */
  pathFlags: number;
  readonly fields: Fields;
  /** Content-Length in bytes; -1: chunked or unknown; 0: no body. */
  contentLength: number;
  /** Protocol asked for by Upgrade, lower case; "" when none. CONNECT is told by its method. */
  upgrade: string;
  /** Expect: 100-continue. */
  expectContinue: boolean;
  /** An RPC frame kept whole; null for HTTP. */
  readonly native: unknown;
  /** No reply will come (RPC). */
  readonly oneWay: boolean;
}

/** The head of a response, interim or final. */
export interface ResponseHead {
  /** 100 to 599. */
  status: number;
  /** Reason phrase as received; "" lets the codec choose. */
  reason: string;
  readonly fields: Fields;
  /** Content-Length in bytes; -1: chunked or until close; 0: no body. A HEAD reply or 304 keeps its length here though no body follows. */
  contentLength: number;
  /** 101: the protocol switched to, lower case. */
  upgrade: string;
}
