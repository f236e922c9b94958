import { NO_BYTES } from "../../../../src/base/bytes.ts";
import type { ProxyError } from "../../../../src/base/error.ts";
import { errorReply } from "../../../../src/exchange/reply.ts";
import type { StreamReader, StreamWriter } from "../../../../src/http/codec.ts";
import { Fields } from "../../../../src/http/fields.ts";
import { H2Server } from "../../../../src/http/h2/server.ts";
import type { RequestHead, ResponseHead } from "../../../../src/http/head.ts";
import { type ServerSettings, serverOptions } from "./options.ts";
import { FrameLog, join, PREFACE, SETTINGS_ACK, settings, showFields, text } from "./wire.ts";

/** What a client sends before anything else. */
export const HELLO: Uint8Array = join(PREFACE, settings(), SETTINGS_ACK);

/** One request that a test has in hand: what came of it, and its reply's writer. */
export class ServerSide implements StreamReader<RequestHead> {
  readonly w: StreamWriter<ResponseHead>;
  readonly drive: ServerDrive;
  head!: RequestHead;
  readonly pieces: Uint8Array[] = [];
  /** Delivered and not credited. */
  owed = 0;
  ended = false;
  trailers: Fields | null = null;
  error: ProxyError | null = null;
  writable = 0;
  /** Credits each piece at once. */
  eager = true;
  onEnd: ((s: ServerSide) => void) | null = null;
  onRoom: ((s: ServerSide) => void) | null = null;

  constructor(drive: ServerDrive, w: StreamWriter<ResponseHead>) {
    this.drive = drive;
    this.w = w;
  }

  get body(): string {
    return this.pieces.map(text).join("");
  }

  onHead(h: RequestHead, end: boolean): void {
    this.head = h;
    this.drive.said.push(`${this.drive.nameOf(this)} ${showRequest(h)}`);
    this.drive.onHead?.(this);
    if (end) this.#end();
  }

  onInterim(): void {
    throw new Error("a request has no interim head");
  }

  onData(b: Uint8Array, end: boolean): void {
    if (this.ended || this.error !== null) throw new Error("data behind the end");
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
    this.onRoom?.(this);
  }

  /** As an exchange: an error reply where there may still be one, otherwise the stream is given up. */
  onReset(e: ProxyError): void {
    if (this.error !== null) throw new Error("a stream is reset twice");
    this.error = e;
    this.drive.said.push(`${this.drive.nameOf(this)} reset ${e.facts.code} ${e.facts.status}`);
    this.drive.onReset(this, e);
  }

  credit(n: number = this.owed): void {
    this.owed -= n;
    this.w.credit(n);
  }

  reply(status: number, body = "", fields: Fields = Fields.empty()): void {
    this.w.sendHead(responseHead(status, fields), body === "");
    if (body !== "") this.w.sendData(Buffer.from(body, "latin1"), true);
  }

  #end(): void {
    this.ended = true;
    const { body, trailers } = this;
    const name = this.drive.nameOf(this);
    const length = body.length > 64 ? `${body.length} bytes` : `"${body}"`;
    this.drive.said.push(`${name} end${body === "" ? "" : ` ${length}`}${trailers === null ? "" : showFields(trailers)}`);
    if (this.onEnd !== null) this.onEnd(this);
    else this.drive.onEnd?.(this);
  }
}

/** The owner of a connection in short: what stands around a codec, without a socket. */
export class ServerDrive {
  readonly options: ReturnType<typeof serverOptions>;
  readonly codec: H2Server;
  readonly log: FrameLog = new FrameLog();
  /** What was told, a line an event. */
  readonly said: string[] = [];
  readonly streams: ServerSide[] = [];
  readonly faults: ProxyError[] = [];
  onHead: ((s: ServerSide) => void) | null = null;
  /** Answers each request when it has ended, unless it is changed. */
  onEnd: ((s: ServerSide) => void) | null = (s) => s.reply(200, "ok");
  onReset: (s: ServerSide, e: ProxyError) => void = (s, e) => {
    if (e.facts.status === 0) {
      s.w.reset(e);
      return;
    }
    const reply = errorReply(e, 0);
    s.w.sendHead(reply.head, false);
    s.w.sendData(reply.body, true);
  };
  /** The output is taken but the socket does not. */
  closed = false;

  constructor(settings_: ServerSettings = {}, hello = true) {
    this.options = serverOptions(settings_);
    this.codec = new H2Server(this.options, (w) => {
      const s = new ServerSide(this, w);
      this.streams.push(s);
      return s;
    });
    if (hello) this.feed(HELLO);
  }

  /** The stream's number in the order of requests, by which the tables name it: 1, 3, 5 … are 1, 2, 3. */
  nameOf(s: ServerSide): string {
    return `#${this.streams.indexOf(s) + 1}`;
  }

  get last(): ServerSide {
    return this.streams[this.streams.length - 1]!;
  }

  feed(...parts: readonly Uint8Array[]): string[] {
    const b = parts.length === 1 ? parts[0]!.slice() : join(...parts);
    return this.after(this.codec.receive(b));
  }

  end(): string[] {
    return this.after(this.codec.receiveEnd());
  }

  at(now: number): string[] {
    this.options.clock.now = now;
    return this.after(now >= this.codec.deadline ? this.codec.tick() : null);
  }

  /** Takes the output, again and again while the codec has something to work on; returns its frames. */
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
      if (!this.codec.hasInput) break;
      fault = this.codec.receive(NO_BYTES);
    }
    if (this.codec.wantsClose) this.closed = true;
    return lines;
  }

  taken(): Uint8Array {
    const parts: Uint8Array[] = [];
    this.codec.takeOutput(parts);
    return join(...parts);
  }
}

export function responseHead(status: number, fields: Fields = Fields.empty()): ResponseHead {
  return { status, reason: "", fields, contentLength: -1, upgrade: "" };
}

export function showRequest(h: RequestHead): string {
  let s = `${h.method} ${h.path} @${h.authority}`;
  if (h.contentLength !== 0) s += ` len=${h.contentLength < 0 ? "?" : h.contentLength}`;
  if (h.upgrade !== "") s += ` upgrade=${h.upgrade}`;
  if (h.expectContinue) s += " expect";
  if (h.pathFlags !== 0) s += ` flags=${h.pathFlags}`;
  return s + showFields(h.fields, ["content-length"]);
}
