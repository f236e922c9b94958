import { encodeLatin1 } from "../../../../src/base/bytes.ts";
import type { ProxyError } from "../../../../src/base/error.ts";
import type { StreamReader, StreamWriter } from "../../../../src/http/codec.ts";
import type { Fields } from "../../../../src/http/fields.ts";
import { H1Server } from "../../../../src/http/h1/server.ts";
import type { RequestHead, ResponseHead } from "../../../../src/http/head.ts";
import { type ServerSettings, serverOptions } from "./drive_server.ts";
import { joinText } from "./transcript.ts";

/** A server codec whose requests the test reads and answers itself. */
export class ServerStream implements StreamReader<RequestHead> {
  readonly options: ReturnType<typeof serverOptions>;
  readonly codec: H1Server;
  readonly heads: RequestHead[] = [];
  readonly pieces: Uint8Array[] = [];
  readonly resets: ProxyError[] = [];
  readonly trailers: Fields[] = [];
  writable = 0;
  /** Called within `onHead`: a reply from there is made at once. */
  onHeadNow: (() => void) | null = null;
  ended = 0;
  /** The stream's writer: the codec itself. */
  writer!: StreamWriter<ResponseHead>;

  constructor(settings: ServerSettings = {}) {
    this.options = serverOptions(settings);
    this.codec = new H1Server(this.options, (w) => {
      this.writer = w;
      return this;
    });
  }

  receive(text: string): ProxyError | null {
    return this.codec.receive(encodeLatin1(text));
  }

  at(now: number): ProxyError | null {
    this.options.clock.now = now;
    return this.codec.tick();
  }

  get body(): string {
    return joinText(this.pieces);
  }

  /** What there is to send, taken. */
  sent(): string {
    const parts: Uint8Array[] = [];
    this.codec.takeOutput(parts);
    return joinText(parts);
  }

  onHead(h: RequestHead, end: boolean): void {
    this.heads.push(h);
    if (end) this.ended++;
    this.onHeadNow?.();
  }
  onInterim(): void {}
  onData(b: Uint8Array, end: boolean): void {
    this.pieces.push(b);
    if (end) this.ended++;
  }
  onTrailers(f: Fields): void {
    this.trailers.push(f);
    this.ended++;
  }
  onWritable(): void {
    this.writable++;
  }
  onReset(e: ProxyError): void {
    this.resets.push(e);
  }
}

export function replyHead(status: number, fields: Fields, contentLength: number): ResponseHead {
  return { status, reason: "", fields, contentLength, upgrade: "" };
}
