import { NO_BYTES } from "../../../../src/base/bytes.ts";
import { ProxyError } from "../../../../src/base/error.ts";
import { Slab } from "../../../../src/base/slab.ts";
import type { StreamReader, StreamWriter } from "../../../../src/http/codec.ts";
import { Fields } from "../../../../src/http/fields.ts";
import { H1Client } from "../../../../src/http/h1/client.ts";
import { DEFAULT_H1_LIMITS, type H1Limits } from "../../../../src/http/h1/limits.ts";
import type { RequestHead, ResponseHead } from "../../../../src/http/head.ts";
import { joinText, showFields, Transcript } from "./transcript.ts";

export interface ClientSettings {
  readonly method?: string;
  /** Asked for by Upgrade. */
  readonly upgrade?: string;
  readonly limits?: H1Limits;
  readonly maxRequests?: number;
  /** The request has a body that has not been sent to its end. */
  readonly unsent?: boolean;
  /** The request was given up before the bytes came. */
  readonly givenUp?: boolean;
}

export interface ClientRun {
  readonly events: readonly string[];
  readonly full: readonly string[];
  /** `kept`: may carry another request; `closed`: not. */
  readonly after: "kept" | "closed" | "busy" | "tunnel";
}

/** One request on one connection to an upstream, without a socket. */
export class ClientDrive implements StreamReader<ResponseHead> {
  readonly codec: H1Client;
  readonly said: Transcript = new Transcript();
  readonly writer: StreamWriter<RequestHead>;
  readonly #connect: boolean;
  #tunnel = false;

  constructor(settings: ClientSettings = {}) {
    const { limits = DEFAULT_H1_LIMITS, maxRequests = Number.POSITIVE_INFINITY } = settings;
    this.codec = new H1Client({ limits, maxRequests, slab: new Slab() });
    const writer = this.codec.open(this);
    if (writer instanceof ProxyError) throw writer;
    this.writer = writer;
    this.#connect = settings.method === "CONNECT";
    const { method = "GET", upgrade = "", unsent = false } = settings;
    writer.sendHead(requestHead(method, "/x", Fields.of("Host", "a"), { upgrade, contentLength: unsent ? -1 : 0 }), !unsent);
    if (settings.givenUp === true)
      writer.reset(
        new ProxyError("given up", { code: "clientReset", side: "downstream", scope: "connection", retry: "never", status: 0 }),
      );
  }

  feed(b: Uint8Array): void {
    if (this.#tunnel) {
      this.said.body(b);
      return;
    }
    if (this.codec.wantsClose) return;
    const e = this.codec.receive(b);
    if (e !== null && !this.codec.wantsClose) throw new Error(`a fault leaves the connection open: ${e.message}`);
  }

  end(): void {
    if (!this.#tunnel && !this.codec.wantsClose) this.codec.receiveEnd();
  }

  get sent(): string {
    const out: Uint8Array[] = [];
    this.codec.takeOutput(out);
    return joinText(out);
  }

  run(): ClientRun {
    const after = this.#tunnel ? "tunnel" : this.codec.wantsClose ? "closed" : this.codec.capacity === 1 ? "kept" : "busy";
    return { events: this.said.events, full: this.said.full, after };
  }

  onInterim(h: ResponseHead): void {
    this.said.add(`interim ${showResponse(h, FRAMING)}`);
  }

  onHead(h: ResponseHead, end: boolean): void {
    const tunnel = h.status === 101 || this.#connect;
    this.said.add(showResponse(h, tunnel ? [] : FRAMING));
    if (end) this.said.add("end");
    else if (tunnel) {
      this.#tunnel = true;
      this.said.add("tunnel");
      this.said.body(this.codec.detach());
    }
  }

  onData(b: Uint8Array, end: boolean): void {
    this.said.body(b);
    this.writer.credit(b.length);
    if (end) this.said.add("end");
  }

  onTrailers(f: Fields): void {
    this.said.add(`trailers${showFields(f, [])}`);
    this.said.add("end");
  }

  onWritable(): void {}

  onReset(e: ProxyError): void {
    this.said.fault("reset", e);
  }
}

export function runClient(pieces: readonly Uint8Array[], settings: ClientSettings = {}, fin = false): ClientRun {
  const d = new ClientDrive(settings);
  for (const p of pieces) d.feed(p);
  if (fin) d.end();
  return d.run();
}

export function requestHead(
  method: string,
  path: string,
  fields: Fields,
  more: Partial<Pick<RequestHead, "contentLength" | "upgrade">> = {},
): RequestHead {
  return {
    protocol: "HTTP/1.1",
    method,
    scheme: "http",
    authority: "a",
    path,
    pathFlags: 0,
    fields,
    contentLength: 0,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
    ...more,
  };
}

/** The bytes that a client codec sends for a whole request. */
export function sendRequest(head: RequestHead, body: readonly Uint8Array[], trailers: Fields | null = null): string {
  const codec = new H1Client({ limits: DEFAULT_H1_LIMITS, maxRequests: 1, slab: new Slab() });
  const writer = codec.open(SILENT);
  if (writer instanceof ProxyError) throw writer;
  const bodyless = body.length === 0 && trailers === null;
  writer.sendHead(head, bodyless && head.contentLength === 0);
  for (const b of body) writer.sendData(b, false);
  if (trailers !== null) writer.sendTrailers(trailers);
  else if (!bodyless || head.contentLength !== 0) writer.sendData(NO_BYTES, true);
  const out: Uint8Array[] = [];
  codec.takeOutput(out);
  return joinText(out);
}

const SILENT: StreamReader<ResponseHead> = {
  onInterim: () => {},
  onHead: () => {},
  onData: () => {},
  onTrailers: () => {},
  onWritable: () => {},
  onReset: () => {},
};

const FRAMING = ["content-length", "transfer-encoding"];

function showResponse(h: ResponseHead, without: readonly string[]): string {
  let s = String(h.status);
  if (h.reason !== "") s += ` "${h.reason}"`;
  if (h.contentLength !== 0) s += ` len=${h.contentLength < 0 ? "unknown" : h.contentLength}`;
  if (h.upgrade !== "") s += ` upgrade=${h.upgrade}`;
  return s + showFields(h.fields, without);
}
