import { localFault, type ProxyError } from "../base/error.ts";
import { Fields } from "../http/fields.ts";
import type { ResponseHead } from "../http/head.ts";
import type { Exchange } from "./exchange.ts";
import { ANSWERED } from "./exchange_faults.ts";
import { httpDate } from "./reply.ts";
import type { RequestTarget } from "./request_target.ts";
import type { Handler } from "./web.ts";

/** One call of a handler inside the process: the exchange as `Request` and `Response`, whose bodies are the same streams. */
export class WebCall implements RequestTarget {
  readonly #x: Exchange;
  readonly #handler: Handler;
  readonly #abort = new AbortController();
  #body: ReadableStreamDefaultController<Uint8Array> | null = null;
  #writable: (() => void) | null = null;
  #over = false;
  #continued = false;

  constructor(x: Exchange, handler: Handler) {
    this.#x = x;
    this.#handler = handler;
  }

  start(): void {
    void this.#run().catch((cause: unknown) => {
      if (this.#over) return;
      this.#x.site.handlerThrew(cause);
      this.#event((x) => x.fail(localFault("internal", 500, "the handler threw", cause)));
    });
  }

  takeData(b: Uint8Array, end: boolean): boolean {
    const body = this.#body;
    if (body === null) return true;
    if (b.length > 0) body.enqueue(b);
    if (end) {
      this.#body = null;
      body.close();
      return true;
    }
    return (body.desiredSize ?? 0) > 0;
  }

  takeTrailers(_f: Fields): void {
    this.#body?.close();
    this.#body = null;
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
      this.#abort.abort(e);
    }
    try {
      this.#body?.error(e);
    } catch {
      // The handler had cancelled the stream already.
    }
    this.#body = null;
    this.resumeReply();
  }

  async #run(): Promise<void> {
    const response = await this.#handler.fetch(this.#request());
    if (this.#over) return;
    const x = this.#x;
    const head = responseHead(response, x.site.wall());
    const { body } = response;
    if (body === null || x.method === "HEAD") {
      await body?.cancel();
      this.#over = true;
      this.#event(() => x.reply(head, true));
      return;
    }
    this.#event(() => x.reply(head, false));
    await this.#pump(body.getReader());
  }

  async #pump(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (this.#over) {
        await reader.cancel();
        return;
      }
      if (done) {
        this.#over = true;
        this.#event((x) => x.replyData(NONE, true));
        return;
      }
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
    const headers = new Headers();
    head.fields.forEach((name, value) => {
      headers.append(name, value);
    });
    const url = `${head.scheme}://${head.authority === "" ? "localhost" : head.authority}${head.path === "*" ? "/" : head.path}`;
    const bodyless = requestPassed || head.method === "GET" || head.method === "HEAD";
    const init: RequestInit & { duplex?: "half" } = { method: head.method, headers, signal: this.#abort.signal };
    if (!bodyless) {
      init.body = new ReadableStream<Uint8Array>(
        {
          start: (c) => {
            this.#body = c;
          },
          pull: () => this.#pull(),
          cancel: () => {
            this.#body = null;
          },
        },
        ON_DEMAND,
      );
      init.duplex = "half";
    }
    return new Request(url, init);
  }
}

const NONE = new Uint8Array(0);
/** Nothing is asked for before the handler reads. */
const ON_DEMAND = { highWaterMark: 0 };

function responseHead(r: Response, wall: number): ResponseHead {
  const fields = Fields.empty();
  r.headers.forEach((value, name) => {
    if (name !== "set-cookie") fields.add(name, value);
  });
  for (const cookie of r.headers.getSetCookie()) fields.add("Set-Cookie", cookie);
  if (!r.headers.has("date")) fields.add("Date", httpDate(wall));
  const length = r.headers.get("content-length");
  const known = length !== null && /^\d{1,15}$/.test(length);
  return { status: r.status, reason: "", fields, contentLength: r.body === null ? 0 : known ? Number(length) : -1, upgrade: "" };
}
