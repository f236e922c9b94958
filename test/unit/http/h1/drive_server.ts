import { NO_BYTES } from "../../../../src/base/bytes.ts";
import type { ProxyError } from "../../../../src/base/error.ts";
import { Slab } from "../../../../src/base/slab.ts";
import { errorReply } from "../../../../src/exchange/reply.ts";
import type { StreamReader, StreamWriter } from "../../../../src/http/codec.ts";
import { Fields } from "../../../../src/http/fields.ts";
import { DEFAULT_H1_LIMITS } from "../../../../src/http/h1/limits.ts";
import { H1Server, type H1ServerOptions } from "../../../../src/http/h1/server.ts";
import type { RequestHead, ResponseHead } from "../../../../src/http/head.ts";
import { joinText, showFields, Transcript } from "./transcript.ts";

export type ServerSettings = Partial<Omit<H1ServerOptions, "slab" | "clock">>;

/** When a request is answered: at its end, or at its head, at once or when the piece in hand has been read. */
export type Answer = "atEnd" | "atEndLater" | "atHead";

export interface ServerRun {
  readonly events: readonly string[];
  readonly full: readonly string[];
  /** All that was sent. */
  readonly out: string;
  /** `STATUS` of each reply, with ` close` or ` keep-alive` where Connection says so. */
  readonly replies: readonly string[];
  readonly closes: boolean;
  readonly reset: boolean;
}

export function serverOptions(settings: ServerSettings = {}): H1ServerOptions & { clock: { now: number } } {
  return {
    limits: DEFAULT_H1_LIMITS,
    underscores: "drop",
    mergeSlashes: false,
    scheme: "http",
    guessed: false,
    idleMs: 60_000,
    headMs: 10_000,
    bodyMs: 30_000,
    maxRequests: Number.POSITIVE_INFINITY,
    ...settings,
    slab: new Slab(),
    clock: { now: 0 },
  };
}

/** A connection's owner in short: what `DownstreamConn` does with a codec, without a socket. */
export class ServerDrive {
  readonly options: ReturnType<typeof serverOptions>;
  readonly codec: H1Server;
  readonly said: Transcript = new Transcript();
  readonly out: Uint8Array[] = [];
  readonly #answer: Answer;
  #due: (() => void)[] = [];
  reset = false;
  /** What a socket would not take now stays in the codec. */
  held = false;

  constructor(answer: Answer = "atEnd", settings: ServerSettings = {}) {
    this.#answer = answer;
    this.options = serverOptions(settings);
    this.codec = new H1Server(this.options, (w) => new Requester(this, w));
  }

  feed(b: Uint8Array): void {
    if (this.reset || this.codec.wantsClose) return;
    this.#after(this.codec.receive(b));
  }

  end(): void {
    if (this.reset || this.codec.wantsClose) return;
    this.#after(this.codec.receiveEnd());
  }

  tick(now: number): void {
    this.options.clock.now = now;
    if (now >= this.codec.deadline) this.#after(this.codec.tick());
  }

  settle(): void {
    this.#after(null);
  }

  /** Calls `f` now, or when the piece has been read. */
  answer(f: () => void): void {
    if (this.#answer === "atEndLater") this.#due.push(f);
    else f();
  }

  get atHead(): boolean {
    return this.#answer === "atHead";
  }

  get text(): string {
    return joinText(this.out);
  }

  run(): ServerRun {
    const { events, full } = this.said;
    const out = this.text;
    return { events, full, out, replies: repliesOf(out), closes: this.codec.wantsClose, reset: this.reset };
  }

  #after(e: ProxyError | null): void {
    if (e !== null) this.#fault(e);
    for (;;) {
      const due = this.#due;
      this.#due = [];
      for (const f of due) f();
      if (this.codec.failure !== null) {
        this.reset = true;
        this.said.add("RST");
        return;
      }
      if (!this.held) this.codec.takeOutput(this.out);
      if (this.#due.length > 0) continue;
      if (this.codec.wantsClose || !this.codec.hasInput) return;
      const fault = this.codec.receive(NO_BYTES);
      if (fault !== null) this.#fault(fault);
    }
  }

  #fault(e: ProxyError): void {
    const { codec } = this;
    if (codec.busy || codec.replied || codec.failure !== null) return;
    this.said.fault("fault", e);
    if (e.facts.status === 0) return;
    const reply = errorReply(e, 0);
    codec.sendHead(reply.head, false);
    codec.sendData(reply.body, true);
  }
}

/** Reads one request into the transcript and answers it. */
class Requester implements StreamReader<RequestHead> {
  readonly #drive: ServerDrive;
  readonly #w: StreamWriter<ResponseHead>;
  #answered = false;

  constructor(drive: ServerDrive, w: StreamWriter<ResponseHead>) {
    this.#drive = drive;
    this.#w = w;
  }

  onHead(h: RequestHead, end: boolean): void {
    this.#drive.said.add(showRequest(h));
    if (this.#drive.atHead) this.#reply();
    if (end) this.#end();
  }

  onInterim(): void {
    throw new Error("a request has no interim head");
  }

  onData(b: Uint8Array, end: boolean): void {
    this.#drive.said.body(b);
    this.#w.credit(b.length);
    if (end) this.#end();
  }

  onTrailers(f: Fields): void {
    this.#drive.said.add(`trailers${showFields(f, [])}`);
    this.#end();
  }

  onWritable(): void {}

  onReset(e: ProxyError): void {
    this.#drive.said.fault("reset", e);
    if (this.#answered) return;
    this.#answered = true;
    if (e.facts.status === 0) {
      this.#w.reset(e);
      return;
    }
    const reply = errorReply(e, 0);
    this.#w.sendHead(reply.head, false);
    this.#w.sendData(reply.body, true);
  }

  #end(): void {
    this.#drive.said.add("end");
    this.#reply();
  }

  #reply(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#drive.answer(() => {
      const fields = Fields.of("Content-Length", "2");
      this.#w.sendHead({ status: 200, reason: "", fields, contentLength: 2, upgrade: "" }, false);
      this.#w.sendData(Uint8Array.of(0x6f, 0x6b), true);
    });
  }
}

const TOLD = ["host", "content-length", "transfer-encoding"];

export function showRequest(h: RequestHead): string {
  let s = `${h.method} ${h.path} @${h.authority}`;
  if (h.protocol !== "HTTP/1.1") s += ` ${h.protocol}`;
  if (h.contentLength !== 0) s += ` len=${h.contentLength < 0 ? "chunked" : h.contentLength}`;
  if (h.upgrade !== "") s += ` upgrade=${h.upgrade}`;
  if (h.expectContinue) s += " expect";
  if (h.pathFlags !== 0) s += ` flags=${h.pathFlags}`;
  return s + showFields(h.fields, TOLD);
}

export function runServer(
  pieces: readonly Uint8Array[],
  answer: Answer = "atEnd",
  settings: ServerSettings = {},
  fin = false,
): ServerRun {
  const d = new ServerDrive(answer, settings);
  for (const p of pieces) d.feed(p);
  if (fin) d.end();
  return d.run();
}

/** The replies that a transcript of output holds; its bodies hold no heads. */
export function repliesOf(out: string): string[] {
  return [...out.matchAll(/HTTP\/1\.1 (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/g)].map((m) => {
    const connection = /^Connection: (.*)\r$/im.exec(m[2]!);
    return connection === null ? m[1]! : `${m[1]} ${connection[1]}`;
  });
}
