import { encodeLatin1 } from "../../src/base/bytes.ts";
import { ProxyError } from "../../src/base/error.ts";
import { Slab } from "../../src/base/slab.ts";
import type { StreamReader } from "../../src/http/codec.ts";
import { Fields } from "../../src/http/fields.ts";
import { H1Client } from "../../src/http/h1/client.ts";
import { DEFAULT_H1_LIMITS } from "../../src/http/h1/limits.ts";
import { H1Server } from "../../src/http/h1/server.ts";
import type { RequestHead, ResponseHead } from "../../src/http/head.ts";
import { removeHopByHop } from "../../src/http/hop_by_hop.ts";
import { requestHead } from "../unit/http/h1/drive_client.ts";
import { serverOptions } from "../unit/http/h1/drive_server.ts";

/** A message as it is understood: what two readers must agree on. */
export interface Message {
  readonly line: string;
  readonly fields: string[];
  body: string;
  readonly trailers: string[];
  whole: boolean;
}

function listOf(f: Fields): string[] {
  const out: string[] = [];
  f.forEach((name, value) => {
    if (!/^(?:content-length|transfer-encoding)$/i.test(name)) out.push(`${name}: ${value}`);
  });
  return out;
}

/** Hears the requests of one connection; `forward` sends each on as the exchange would, and nothing is answered but that the request is whole. */
export class Requests implements StreamReader<RequestHead> {
  readonly all: Message[] = [];
  readonly sent: Uint8Array[] = [];
  #codec: H1Client | null = null;
  readonly #forward: boolean;

  constructor(forward: boolean) {
    this.#forward = forward;
  }

  read(text: string): this {
    const codec = new H1Server(serverOptions(), (w) => {
      this.reply = () => {
        w.sendHead({ status: 204, reason: "", fields: Fields.empty(), contentLength: 0, upgrade: "" }, true);
      };
      return this;
    });
    codec.receive(encodeLatin1(text));
    return this;
  }

  reply: () => void = () => {};

  onHead(h: RequestHead, end: boolean): void {
    if (this.#forward) {
      removeHopByHop(h.fields);
      h.upgrade = "";
      // As the exchange does for a client of HTTP/1.0 that named no host.
      if (!h.fields.has("host")) h.fields.set("Host", h.authority === "" ? "a" : h.authority);
    }
    this.all.push({ line: `${h.method} ${h.path}`, fields: listOf(h.fields), body: "", trailers: [], whole: end });
    if (this.#forward) {
      this.#codec = new H1Client({ limits: DEFAULT_H1_LIMITS, maxRequests: 1, slab: new Slab() });
      const w = this.#codec.open(SILENT);
      if (w instanceof ProxyError) throw w;
      w.sendHead(h, end);
      this.#take();
    }
    if (end) this.reply();
  }
  onData(b: Uint8Array, end: boolean): void {
    const m = this.all[this.all.length - 1]!;
    m.body += Buffer.from(b).toString("latin1");
    this.#codec?.sendData(b, end);
    this.#take();
    m.whole = end;
    if (end) this.reply();
  }
  onTrailers(f: Fields): void {
    removeHopByHop(f);
    const m = this.all[this.all.length - 1]!;
    m.trailers.push(...listOf(f));
    m.whole = true;
    this.#codec?.sendTrailers(f);
    this.#take();
    this.reply();
  }
  onReset(): void {}
  onInterim(): void {}
  onWritable(): void {}

  #take(): void {
    this.#codec?.takeOutput(this.sent);
  }
}

const SILENT: StreamReader<ResponseHead> = {
  onInterim: () => {},
  onHead: () => {},
  onData: () => {},
  onTrailers: () => {},
  onWritable: () => {},
  onReset: () => {},
};

/** Hears one reply; `forward` sends it on to a client as the exchange would. */
export class Reply implements StreamReader<ResponseHead> {
  readonly heads: Message[] = [];
  readonly sent: Uint8Array[] = [];
  readonly #server: H1Server | null;
  readonly #method: string;

  constructor(method: string, forward: boolean) {
    this.#method = method;
    this.#server = forward ? new H1Server(serverOptions(), () => IGNORED) : null;
    this.#server?.receive(encodeLatin1(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`));
  }

  read(text: string, fin: boolean): this {
    const codec = new H1Client({ limits: DEFAULT_H1_LIMITS, maxRequests: 1, slab: new Slab() });
    const w = codec.open(this);
    if (w instanceof ProxyError) throw w;
    w.sendHead(requestHead(this.#method, "/", Fields.of("Host", "a")), true);
    codec.receive(encodeLatin1(text));
    if (fin && !codec.wantsClose) codec.receiveEnd();
    return this;
  }

  /** The final reply, if it came whole. */
  get whole(): boolean {
    return this.heads[this.heads.length - 1]?.whole === true;
  }

  onInterim(h: ResponseHead): void {
    removeHopByHop(h.fields);
    this.heads.push({ line: `${h.status} ${h.reason}`, fields: listOf(h.fields), body: "", trailers: [], whole: false });
    this.#server?.sendInterim(h);
    this.#take();
  }
  onHead(h: ResponseHead, end: boolean): void {
    removeHopByHop(h.fields);
    if (h.status === 204) h.fields.remove("content-length");
    this.heads.push({ line: `${h.status} ${h.reason}`, fields: listOf(h.fields), body: "", trailers: [], whole: end });
    this.#server?.sendHead(h, end);
    this.#take();
  }
  onData(b: Uint8Array, end: boolean): void {
    const m = this.heads[this.heads.length - 1]!;
    m.body += Buffer.from(b).toString("latin1");
    m.whole = end;
    this.#server?.sendData(b, end);
    this.#take();
  }
  onTrailers(f: Fields): void {
    removeHopByHop(f);
    const m = this.heads[this.heads.length - 1]!;
    m.trailers.push(...listOf(f));
    m.whole = true;
    this.#server?.sendTrailers(f);
    this.#take();
  }
  onReset(): void {}
  onWritable(): void {}

  #take(): void {
    this.#server?.takeOutput(this.sent);
  }
}

const IGNORED: StreamReader<RequestHead> = { ...SILENT, onHead: () => {}, onInterim: () => {} };
