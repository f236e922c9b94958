import type { ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestBuffer } from "./request_buffer.ts";
import type { RequestTarget } from "./request_target.ts";

/** What takes a request's body while a filter still thinks about the host. The client's window bounds what is held. */
export class UndecidedTarget implements RequestTarget {
  readonly buffer: RequestBuffer;

  constructor(buffer: RequestBuffer) {
    this.buffer = buffer;
  }

  takeData(b: Uint8Array): boolean {
    this.buffer.hold(b);
    return false;
  }

  takeTrailers(f: Fields): void {
    this.buffer.trailers = f;
  }

  resumeReply(): void {
    // None has begun.
  }

  discard(): void {
    // None has begun.
  }

  abort(_e: ProxyError): void {
    // Nothing has been begun.
  }
}
