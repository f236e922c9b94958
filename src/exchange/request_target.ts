import type { ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";

/** Where a request goes: an attempt at an upstream, a tunnel's dial, or a handler inside the process. */
export interface RequestTarget {
  /** Takes a piece of the body; false: hold the next ones back until `resumeRequest`. */
  takeData(b: Uint8Array, end: boolean): boolean;
  takeTrailers(f: Fields): void;
  /** The client can take more of the reply. */
  resumeReply(): void;
  /** The whole request has been taken and the reply's head given: what still comes of it is wanted by nobody. */
  discard(): void;
  /** Nothing is wanted any more. */
  abort(e: ProxyError): void;
}
