import type { Http2Spec } from "../../../config/model.ts";
import type { Http2Config } from "../schema/http2.ts";

export function lowerHttp2(c: Http2Config): Http2Spec {
  return {
    concurrentStreams: c.concurrentStreams,
    keepAlive: c.keepalive === null ? null : { idleMs: c.keepalive.idle, timeoutMs: c.keepalive.timeout },
  };
}
