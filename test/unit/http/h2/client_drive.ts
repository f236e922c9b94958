import { NO_BYTES } from "../../../../src/base/bytes.ts";
import { ProxyError } from "../../../../src/base/error.ts";
import type { StreamReader, StreamWriter } from "../../../../src/http/codec.ts";
import { Fields } from "../../../../src/http/fields.ts";
import { H2Client } from "../../../../src/http/h2/client.ts";
import type { RequestHead, ResponseHead } from "../../../../src/http/head.ts";
import { type ClientSettings, clientOptions } from "./options.ts";
import { FrameLog, join, SETTINGS_ACK, settings, showFields, text } from "./wire.ts";

/** What a server sends first. */
export const WELCOME: Uint8Array = join(settings(), SETTINGS_ACK);

/** One request that a test has made, and what came of it. */
export class ClientSide implements StreamReader<ResponseHead> {
  w!: StreamWriter<RequestHead>;
  readonly #said: (line: string) => void;
  readonly interims: ResponseHead[] = [];
  head: ResponseHead | null = null;
  readonly pieces: Uint8Array[] = [];
  owed = 0;
  ended = false;
  trailers: Fields | null = null;
  error: ProxyError | null = null;
  writable = 0;
  eager = true;
  onHeadNow: (() => void) | null = null;
  onRoom: (() => void) | null = null;

  constructor(said: (line: string) => void = () => {}) {
    this.#said = said;
  }

  get body(): string {
    return this.pieces.map(text).join("");
  }

  onInterim(h: ResponseHead): void {
    this.interims.push(h);
    this.#said(`interim ${showResponse(h)}`);
  }

  onHead(h: ResponseHead, end: boolean): void {
    if (this.head !== null) throw new Error("a second head");
    this.head = h;
    this.#said(showResponse(h));
    this.onHeadNow?.();
    if (end) this.#end();
  }

  onData(b: Uint8Array, end: boolean): void {
    if (this.head === null || this.ended || this.error !== null) throw new Error("data where none may be");
    this.pieces.push(b);
    this.owed += b.length;
    if (this.eager) this.credit();
    if (end) this.#end();
  }

  onTrailers(f: Fields): void {
    this.trailers = f;
    this.#end();
  }

  onWritable(room: number): void {
    if (room <= 0) throw new Error("no room is told as room");
    this.writable++;
    this.onRoom?.();
  }

  onReset(e: ProxyError): void {
    if (this.ended || this.error !== null) throw new Error("a stream is reset behind its end");
    this.error = e;
    const { code, status, retry } = e.facts;
    this.#said(`reset ${code} ${status}${retry === "never" ? "" : ` ${retry}`}`);
  }

  credit(n: number = this.owed): void {
    this.owed -= n;
    this.w.credit(n);
  }

  #end(): void {
    this.ended = true;
    const { body, trailers } = this;
    const shown = body.length > 64 ? `${body.length} bytes` : `"${body}"`;
    this.#said(`end${body === "" ? "" : ` ${shown}`}${trailers === null ? "" : showFields(trailers)}`);
  }
}

/** An upstream connection's owner in short, without a socket. */
export class ClientDrive {
  readonly options: ReturnType<typeof clientOptions>;
  readonly codec: H2Client;
  readonly log: FrameLog = new FrameLog(true);
  readonly said: string[] = [];
  readonly streams: ClientSide[] = [];
  readonly faults: ProxyError[] = [];

  constructor(settings_: ClientSettings = {}, welcome = true) {
    this.options = clientOptions(settings_);
    this.codec = new H2Client(this.options);
    if (welcome) this.feed(WELCOME);
  }

  /** Opens a stream; its head is to be sent. */
  open(): ClientSide {
    const n = this.streams.length + 1;
    const s = new ClientSide((line) => this.said.push(`#${n} ${line}`));
    const writer = this.codec.open(s);
    if (writer instanceof ProxyError) throw writer;
    s.w = writer;
    this.streams.push(s);
    return s;
  }

  get(path = "/", method = "GET"): ClientSide {
    const s = this.open();
    s.w.sendHead(requestHead(method, path), true);
    return s;
  }

  /** A request whose body is to be sent. */
  post(f: Fields = Fields.of("Host", "a"), length = -1): ClientSide {
    const s = this.open();
    s.w.sendHead(requestHead("POST", "/", f, { contentLength: length }), false);
    return s;
  }

  feed(...parts: readonly Uint8Array[]): string[] {
    return this.after(this.codec.receive(parts.length === 1 ? parts[0]!.slice() : join(...parts)));
  }

  end(): string[] {
    return this.after(this.codec.receiveEnd());
  }

  at(now: number): string[] {
    this.options.clock.now = now;
    return this.after(now >= this.codec.deadline ? this.codec.tick() : null);
  }

  after(e: ProxyError | null = null): string[] {
    const lines: string[] = [];
    let fault = e;
    for (let turns = 0; ; turns++) {
      if (turns > 10_000) throw new Error("the codec always has input");
      if (fault !== null) {
        this.faults.push(fault);
        this.said.push(`fault ${fault.facts.code} ${fault.facts.status}`);
      }
      lines.push(...this.log.read(this.taken()));
      if (!this.codec.hasInput) return lines;
      fault = this.codec.receive(NO_BYTES);
    }
  }

  taken(): Uint8Array {
    const parts: Uint8Array[] = [];
    this.codec.takeOutput(parts);
    return join(...parts);
  }
}

export function requestHead(
  method: string,
  path: string,
  f: Fields = Fields.of("Host", "a"),
  more: Partial<Pick<RequestHead, "contentLength" | "upgrade" | "authority">> = {},
): RequestHead {
  return {
    protocol: "HTTP/1.1",
    method,
    scheme: "https",
    authority: "a",
    path,
    pathFlags: 0,
    fields: f,
    contentLength: 0,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
    ...more,
  };
}

function showResponse(h: ResponseHead): string {
  let s = String(h.status);
  if (h.contentLength !== 0) s += ` len=${h.contentLength < 0 ? "?" : h.contentLength}`;
  if (h.upgrade !== "") s += ` upgrade=${h.upgrade}`;
  return s + showFields(h.fields, ["content-length"]);
}
