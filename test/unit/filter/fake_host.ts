import { latin1 } from "../../../src/base/bytes.ts";
import type { ProxyError } from "../../../src/base/error.ts";
import type { FilterHost, FilterRun } from "../../../src/filter/filter_run.ts";
import { changeRequest, type RequestChange } from "../../../src/filter/request_change.ts";
import type { Override, Reply } from "../../../src/filter/types.ts";
import { Fields } from "../../../src/http/fields.ts";
import type { RequestHead, ResponseHead } from "../../../src/http/head.ts";
import type { ConnInfo } from "../../../src/platform/types.ts";

export function replyHead(status = 200): ResponseHead {
  return { status, reason: "", fields: Fields.empty(), contentLength: -1, upgrade: "" };
}

/** An exchange that tells what reaches it. */
export class FakeHost implements FilterHost {
  readonly said: string[] = [];
  /** Whether each thing was said within an event: 0 or 1, without repetitions. */
  readonly depth: number[] = [];
  run: FilterRun | null = null;
  /** What takers answer. */
  room = true;
  readonly response = null;
  readonly route = "test";
  readonly status = 0;
  readonly grpcStatus = -1;
  readonly id = 1;
  readonly method = "POST";
  /** Whether bodies can be waited for. */
  waits = true;
  readonly tlsVersion = "";
  readonly certificate = null;
  readonly override: Override = { cluster: null, host: null };
  readonly startWall = 0;
  readonly listener = "web";
  readonly remoteAddress = "192.0.2.1";
  readonly remotePort = 1;
  readonly clientAddress = "192.0.2.1";
  readonly localAddress = "192.0.2.2:80";
  readonly connectionId = 1;
  readonly cluster = "";
  readonly endpoint = "";
  readonly attempts = 0;
  readonly flags = "";
  readonly serverName = "";
  readonly requestBodyBytes = 0;
  readonly responseBodyBytes = 0;
  readonly duration = 0;
  readonly requestDuration = -1;
  readonly upstreamHeadDuration = -1;
  readonly connectDuration = -1;
  readonly conn: ConnInfo = null as unknown as ConnInfo;
  readonly request: RequestHead = {
    protocol: "HTTP/1.1",
    method: "POST",
    scheme: "http",
    authority: "a",
    path: "/",
    pathFlags: 0,
    fields: Fields.empty(),
    contentLength: -1,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
  };
  #depth = 0;

  constructor() {
    this.depth.push(0);
  }

  event(f: () => void): void {
    this.#depth++;
    f();
    this.#depth--;
  }

  awaitBody(): boolean {
    this.#say("await");
    return this.waits;
  }
  passRequest(): void {
    this.#say("request");
  }
  passRequestData(b: Uint8Array, end: boolean): boolean {
    this.#say(`data${text(b)}${end ? " end" : ""}`);
    return this.room;
  }
  passRequestTrailers(f: Fields): void {
    this.#say(`trailers ${names(f)}`);
  }
  requestOpened(): void {
    this.#say("opened");
  }
  passReply(h: ResponseHead, end: boolean): void {
    this.#say(`reply ${h.status} ${names(h.fields)}${end ? " end" : ""}`);
  }
  passReplyData(b: Uint8Array, end: boolean): boolean {
    this.#say(end ? "reply end" : `reply data${text(b)}`);
    return this.room;
  }
  passReplyTrailers(f: Fields): void {
    this.#say(`reply trailers ${names(f)}`);
  }
  replyOpened(): void {
    this.#say("reply opened");
  }
  shortCut({ head, body }: Reply): void {
    const run = this.run!;
    run.reply(head, body.length === 0);
    if (body.length > 0) run.replyData(body, true);
  }
  readRequestId(): string {
    return "";
  }
  metadata(): Map<string, unknown> {
    return new Map();
  }
  findMetadata(): null {
    return null;
  }
  shortenTimeout(ms: number): void {
    this.#say(`shorten ${ms}`);
  }
  dropReply(r: Reply | null): void {
    this.#say(`drop${r === null ? "" : ` for ${r.head.status}`}`);
  }
  changeRequest(change: RequestChange): string | null {
    return changeRequest(this.request, change, { mergeSlashes: false, refusedPath: 0, pathBytes: 100 });
  }
  filterThrew(cause: unknown): void {
    this.#say(`threw ${(cause as Error).message}`);
  }
  pluginFailed(name: string): void {
    this.#say(`failed ${name}`);
  }
  mark(flag: string): void {
    this.#say(`mark ${flag}`);
  }
  fail(e: ProxyError): void {
    this.#say(`fail ${e.facts.code}`);
  }

  #say(line: string): void {
    this.said.push(line);
    if (this.depth.at(-1) !== this.#depth) this.depth.push(this.#depth);
  }
}

function text(b: Uint8Array): string {
  return b.length === 0 ? "" : ` ${latin1(b, 0, b.length)}`;
}

function names(f: Fields): string {
  const out: string[] = [];
  f.forEach((name) => {
    out.push(name);
  });
  return `[${out.join(" ")}]`;
}
