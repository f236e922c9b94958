import { encodeLatin1, latin1 } from "../../../src/base/bytes.ts";
import type { ProxyError } from "../../../src/base/error.ts";
import type { Model } from "../../../src/config/model.ts";
import { createMemoryPlatform, type MemoryPlatform } from "../../../src/platform/memory.ts";
import type { Conn, ConnHandler } from "../../../src/platform/types.ts";
import { Server } from "../../../src/server/server.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";

const LISTEN = { kind: "tcp", host: "127.0.0.1", port: 8080 } as const;
const ORIGIN = { kind: "tcp", host: "127.0.0.1", port: 9000 } as const;

/** One end of a connection in memory, as a test sees it. */
export class Peer implements ConnHandler {
  conn: Conn | null = null;
  text = "";
  bytes = 0;
  /** The other side's FIN has come. */
  ended = false;
  /** null: open; "": closed in order; otherwise the code of the fault. */
  closed: string | null = null;
  /** Kept off when floods are counted. */
  keepsText = true;

  send(text: string): void {
    this.conn!.write([encodeLatin1(text)]);
  }

  /** The other side wants no more of it. */
  get gone(): boolean {
    return this.ended || this.closed !== null;
  }

  /** What has come since the last call. */
  take(): string {
    const { text } = this;
    this.text = "";
    return text;
  }

  onOpen(c: Conn): void {
    this.conn = c;
  }
  onData(b: Uint8Array): void {
    this.bytes += b.length;
    if (this.keepsText) this.text += latin1(b, 0, b.length);
  }
  onDrain(): void {}
  onEnd(): void {
    this.ended = true;
  }
  onClose(cause: ProxyError | null): void {
    this.closed = cause === null ? "" : cause.facts.code;
  }
}

/** A Weir with one listener and one origin, in memory, with a clock that stands. */
export class Site {
  readonly platform: MemoryPlatform;
  readonly server: Server;
  /** The origin's ends of the connections that Weir opened, in their order. */
  readonly origins: Peer[] = [];

  constructor(platform: MemoryPlatform) {
    this.platform = platform;
    this.server = new Server({ platform, log: { log: () => {} }, build: { version: "0", commit: "test" } });
  }

  /** `route` and `listener` are further keys, in YAML's flow style. */
  static async start(route = "", listener = "", cluster = "", drain = "delay: 2s, limit: 30s"): Promise<Site> {
    const site = new Site(createMemoryPlatform());
    const text = `
admin: false
drain: { ${drain} }
listeners: { web: { address: "127.0.0.1:8080", forwarded: { xForwarded: keep, requestId: keep } ${listener} } }
routes:
  - { name: own, match: [{ path: /own }], respond: { status: 200, body: "own\\n" } }
  - { name: down, match: [{ path: /down }], to: nowhere }
  - { name: up, to: origin ${route} }
clusters: { origin: { endpoints: ["127.0.0.1:9000"] ${cluster} }, nowhere: { endpoints: ["127.0.0.1:9999"] } }
`;
    const files = { read: () => Promise.reject(new Error("no file")), list: () => Promise.resolve([]) };
    const { model, problems } = await parseConfig(text, "weir.yaml", {}, files);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    const receipt = await site.server.apply(model as Model);
    if (receipt.problems.length > 0) throw new Error(JSON.stringify(receipt.problems));
    await site.platform.listen(ORIGIN, {}, (c) => {
      const peer = new Peer();
      peer.conn = c;
      site.origins.push(peer);
      return peer;
    });
    return site;
  }

  /** The origin's end of the newest connection. */
  get origin(): Peer {
    return this.origins[this.origins.length - 1]!;
  }

  /** A client that has sent `text`. */
  async client(text = ""): Promise<Peer> {
    const peer = new Peer();
    this.platform.dial(LISTEN, {}, peer);
    await this.settled();
    if (text !== "") peer.send(text);
    await this.settled();
    return peer;
  }

  settled(): Promise<void> {
    return this.platform.settled();
  }

  advance(ms: number): Promise<void> {
    return this.platform.advance(ms);
  }

  /** Requests in flight as the metrics tell, downstream and upstream, tunnels among them: none may be left over. */
  get active(): readonly number[] {
    const { metrics } = this.server;
    const web = metrics.listener("web");
    const up = metrics.cluster("origin");
    return [web.requestsActive.value, web.tunnelsActive.value, up.requestsActive.value];
  }

  /** Faults counted on the listener, by code. */
  fault(code: string): number {
    const { faults } = this.server.metrics.listener("web");
    return faults.valueAt(faults.names.indexOf(code));
  }

  get retries(): number {
    return this.server.metrics.cluster("origin").retries.value;
  }
}

export function get(path: string, fields = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
}

/** The wall clock of the network in memory while it stands. */
export const DATE = "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\n";

export function ok(body: string, fields = ""): string {
  return `HTTP/1.1 200 OK\r\n${DATE}${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** The status of each reply in the text. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((m) => Number(m[1]));
}
