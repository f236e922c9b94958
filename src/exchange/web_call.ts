import { localFault, type ProxyError } from "../base/error.ts";
import { Fields } from "../http/fields.ts";
import type { ResponseHead } from "../http/head.ts";
import type { Exchange } from "./exchange.ts";
import { ANSWERED, TRACE_REFUSED } from "./exchange_faults.ts";
import { knownText } from "./known_text.ts";
import { LazyRequest, type RequestSource } from "./lazy_request.ts";
import { ReadableBody } from "./readable_body.ts";
import { httpDate } from "./reply.ts";
import type { ServedTarget } from "./site.ts";
import type { Handler } from "./web.ts";

/** One call of a handler inside the process: the exchange as `Request` and `Response`, whose bodies are the same streams. */
export class WebCall implements ServedTarget, RequestSource {
  readonly #x: Exchange;
  readonly #handler: Handler;
  #abort: AbortController | null = null;
  /** Why the handler should give up; null: it should not. */
  #reason: ProxyError | null = null;
  /** null: the request has none. */
  body: ReadableBody | null = null;
  #writable: (() => void) | null = null;
  /** The reply's body, while it is read. */
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #over = false;
  #continued = false;
  #url = "";

  constructor(x: Exchange, handler: Handler) {
    this.#x = x;
    this.#handler = handler;
  }

  start(): void {
    // RFC 9110 9.3.8: a client's secrets are in it, and a `Request` can't say it.
    if (this.#x.method === "TRACE") {
      this.#x.fail(TRACE_REFUSED);
      return;
    }
    if (this.#x.requestPassed) this.#x.requestSent();
    try {
      const { scheme, authority, path } = this.#x.head;
      this.#url = new URL(`${scheme}://${authority === "" ? "localhost" : authority}${path === "*" ? "/" : path}`).href;
      const answer = this.#handler.fetch(this.#request());
      if (answer instanceof Response) this.#answer(answer)?.catch(this.#threw);
      else
        void Promise.resolve(answer)
          .then((r) => this.#answer(r))
          .catch(this.#threw);
    } catch (e) {
      this.#threw(e);
    }
  }

  readonly #threw = (cause: unknown): void => {
    if (this.#over) return;
    this.#x.site.handlerThrew(cause);
    this.#event((x) => x.fail(localFault("internal", 500, "the handler threw", cause)));
  };

  // ---- RequestSource ----

  get method(): string {
    return this.#x.head.method;
  }

  get url(): string {
    return this.#url;
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#reason !== null) this.#abort.abort(this.#reason);
    }
    return this.#abort.signal;
  }

  makeHeaders(): Headers {
    const headers = new Headers();
    this.#x.head.fields.forEach((name, value) => {
      headers.append(name, value);
    });
    return headers;
  }

  // ---- RequestTarget ----

  takeData(b: Uint8Array, end: boolean): boolean {
    if (end) this.#x.requestSent();
    return this.body === null || this.body.take(b, end);
  }

  takeTrailers(_f: Fields): void {
    this.#x.requestSent();
    this.body?.end();
  }

  resumeReply(): void {
    const f = this.#writable;
    this.#writable = null;
    f?.();
  }

  discard(): void {
    this.abort(ANSWERED);
  }

  abort(e: ProxyError): void {
    // The reply may be over while the handler still reads the request's body: it must not wait for ever.
    if (!this.#over) {
      this.#over = true;
      this.#reason = e;
      this.#abort?.abort(e);
    }
    this.body?.fail(e);
    this.resumeReply();
    // A handler that waits for something else before the next piece hears of it all the same.
    this.#reader?.cancel(e).catch(() => {});
  }

  /** null: it has been sent whole. */
  #answer(response: Response): Promise<void> | null {
    if (!(response instanceof Response)) throw new TypeError("the handler gave something else than a Response");
    const text = knownText(response);
    return text !== null && (this.#over || this.#sendText(response, text)) ? null : this.#sendBody(response);
  }

  /** false: it is no such text as its head says. */
  #sendText(response: Response, text: string): boolean {
    const x = this.#x;
    const head = responseHead(response, x.site.wall());
    const { fields } = head;
    if (head.status === 204 || head.status === 304) return false;
    const said = fields.list("content-length");
    const body = UTF_8.encode(text);
    const length = String(body.length);
    if (said !== null && said !== length) return false;
    if (said === null) fields.add("Content-Length", length);
    this.#sendBytes(head, body, body.length === 0 || x.method === "HEAD");
    return true;
  }

  async #sendBody(response: Response): Promise<void> {
    const { body } = response;
    if (this.#over) {
      await body?.cancel();
      return;
    }
    const x = this.#x;
    const head = responseHead(response, x.site.wall());
    head.contentLength = lengthOf(response, x.method === "HEAD", head.fields);
    if (body === null || x.method === "HEAD" || head.status === 204 || head.status === 304) {
      await body?.cancel();
      this.#over = true;
      this.#event(() => x.reply(head, true));
      return;
    }
    this.#reader = body.getReader();
    await this.#send(this.#reader, head);
  }

  /** A body that is there already, as text is, goes with its head and says its length; the head of any other does not wait for it. */
  async #send(reader: ReadableStreamDefaultReader<Uint8Array>, head: ResponseHead): Promise<void> {
    const reads = [reader.read()];
    const first = await soon(reads[0]!);
    if (first !== null && !first.done) {
      reads.push(reader.read());
      const last = await soon(reads[1]!);
      if (last?.done === true && !this.#over && this.#sendWhole(head, first.value)) return;
    }
    if (this.#over) return;
    this.#event((x) => x.reply(head, false));
    await this.#pump(reader, reads, head.contentLength);
  }

  /** false: it is no such body as its head says. */
  #sendWhole(head: ResponseHead, body: unknown): boolean {
    if (!(body instanceof Uint8Array) || body.length === 0) return false;
    if (head.contentLength >= 0 && head.contentLength !== body.length) return false;
    head.fields.set("Content-Length", String(body.length));
    // A copy: the stream's memory is the handler's.
    this.#sendBytes(head, body.slice(), false);
    return true;
  }

  /** All of the reply. `end`: its head is. */
  #sendBytes(head: ResponseHead, body: Uint8Array, end: boolean): void {
    head.contentLength = body.length;
    this.#over = true;
    this.#event((x) => {
      x.reply(head, end);
      if (!end) x.replyData(body, true);
    });
  }

  /** `begun`: reads that come before those of the reader. `length`: bytes that the head has promised; −1: none in particular. */
  async #pump(reader: ReadableStreamDefaultReader<Uint8Array>, begun: Promise<BodyRead>[], length: number): Promise<void> {
    let left = length < 0 ? Number.POSITIVE_INFINITY : length;
    for (;;) {
      const { done, value } = await (begun.shift() ?? reader.read());
      if (this.#over) return;
      if (done) {
        // What a client would wait for, or take from the next reply, must not be left open.
        if (left > 0 && left !== Number.POSITIVE_INFINITY)
          throw new Error(`the body is ${left} bytes shorter than its Content-Length`);
        this.#over = true;
        this.#event((x) => x.replyData(NONE, true));
        return;
      }
      if (!(value instanceof Uint8Array)) throw new TypeError("the body's stream gives something else than Uint8Array");
      if (value.length === 0) continue;
      left -= value.length;
      if (left < 0) throw new Error("the body is longer than its Content-Length");
      // A copy: the stream's memory is the handler's.
      const room = this.#event((x) => x.replyData(value.slice(), false));
      if (!room) await new Promise<void>((resolve) => (this.#writable = resolve));
    }
  }

  /** A handler answers on a turn of its own: the clock is read, and what it said is sent when it is done. */
  #event<T>(f: (x: Exchange) => T): T {
    const { flusher } = this.#x.site.link;
    flusher.enter();
    try {
      return f(this.#x);
    } finally {
      flusher.leave();
    }
  }

  /** The handler reads the body: a client that waits to be told so is told (RFC 9110 10.1.1), and what was held back has been taken. */
  #pull(): void {
    if (this.#x.head.expectContinue && !this.#continued) {
      this.#continued = true;
      this.#event((x) => x.interim({ status: 100, reason: "", fields: Fields.empty(), contentLength: 0, upgrade: "" }));
    }
    this.#x.resumeRequest();
  }

  #request(): Request {
    const { head, requestPassed } = this.#x;
    const { method } = head;
    if (!requestPassed && method !== "GET" && method !== "HEAD") this.body = new ReadableBody(() => this.#pull());
    const lazy = new LazyRequest(this);
    return SAID_AS_IS.has(method) ? (lazy as unknown as Request) : LazyRequest.realOf(lazy);
  }
}

/** Methods that a `Request` takes, and in no other way than they are written. */
const SAID_AS_IS: ReadonlySet<string> = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]);

type BodyRead = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]>>;

/** Both runtimes need one for a body that is there. */
const MICROTASKS = 3;

/** What the promise comes to in a few microtasks; null: nothing yet, or it is rejected, which whoever awaits it hears of. */
async function soon<T>(promise: Promise<T>): Promise<T | null> {
  let found: T | null = null;
  promise.then((value) => {
    found = value;
  }, ignore);
  for (let i = 0; i < MICROTASKS && found === null; i++) await null;
  return found;
}

function ignore(): void {}

const NONE = new Uint8Array(0);
const UTF_8 = new TextEncoder();

/** Without its body's length, which is nothing until it is known. */
function responseHead(r: Response, wall: number): ResponseHead {
  // Of interim ones there can be none, and an error of `Response.error()` has 0.
  if (r.status < 200 || r.status > 599) throw new RangeError(`the handler gave status ${r.status}, which ends no exchange`);
  const fields = Fields.empty();
  r.headers.forEach((value, name) => {
    if (name !== "set-cookie") fields.add(name, value);
  });
  for (const cookie of r.headers.getSetCookie()) fields.add("Set-Cookie", cookie);
  if (!r.headers.has("date")) fields.add("Date", httpDate(wall));
  return { status: r.status, reason: "", fields, contentLength: 0, upgrade: "" };
}

/**
 * What its Content-Length promises, where that is one; a body that is not there has none but 0. `head`: of a reply to HEAD, which has the
 * fields of a body and none.
 */
function lengthOf({ body, status }: Response, head: boolean, fields: Fields): number {
  const length = fields.list("content-length");
  if (body === null && !head && status !== 304) {
    if (length !== null) fields.set("Content-Length", "0");
    return 0;
  }
  if (length !== null && /^\d{1,15}$/.test(length)) return Number(length);
  fields.remove("content-length");
  return body === null ? 0 : -1;
}
