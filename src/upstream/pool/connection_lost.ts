import { ProxyError, type Retry } from "../../base/error.ts";

/** What the streams of an upstream's connection hear when it is gone; `cause` null: it was closed in order. */
export function connectionLost(cause: ProxyError | null, retry: Retry): ProxyError {
  const reset = cause !== null;
  return new ProxyError(reset ? "the upstream reset the connection" : "the upstream closed the connection", {
    code: reset ? "upstreamReset" : "upstreamClosed",
    side: "upstream",
    scope: "connection",
    retry,
    status: 502,
    cause,
  });
}
