import type { Model } from "../../../src/config/model.ts";
import { createMemoryPlatform, type MemoryOptions, type MemoryPlatform } from "../../../src/platform/memory.ts";
import { Server } from "../../../src/server/server.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";
import type { AccessRecord } from "../../../src/telemetry/access_record.ts";
import { Peer } from "../exchange/site.ts";

const PORT = 8080;

/** A Weir in memory with one listener, whatever it carries, and origins that take connections and do nothing by themselves. */
export class TcpSite {
  readonly platform: MemoryPlatform;
  readonly server: Server;
  /** The origins' ends of the connections that Weir opened, by port, in their order. */
  readonly origins = new Map<number, Peer[]>();
  /** Lines of the access log. */
  readonly lines: AccessRecord[] = [];

  private constructor(platform: MemoryPlatform) {
    this.platform = platform;
    this.server = new Server({ platform, log: { log: () => {} }, build: { version: "0", commit: "test" } });
    this.server.accessLogs.write = (r) => this.lines.push(copyOf(r));
  }

  /** `ports`: of the origins that take connections. */
  static async start(config: string, ports: readonly number[] = [9001], o: MemoryOptions = {}): Promise<TcpSite> {
    const site = new TcpSite(createMemoryPlatform(o));
    await site.apply(config);
    for (const port of ports) {
      site.origins.set(port, []);
      await site.platform.listen({ kind: "tcp", host: "127.0.0.1", port }, {}, (c) => {
        const peer = new Peer();
        peer.conn = c;
        site.origins.get(port)!.push(peer);
        return peer;
      });
    }
    return site;
  }

  /** Brings a config into force, with an access log. */
  async apply(config: string): Promise<void> {
    const files = { read: () => Promise.reject(new Error("no file")), list: () => Promise.resolve([]) };
    const text = `admin: false\naccessLog: { to: stdout }\n${config}`;
    const { model, problems } = await parseConfig(text, "weir.yaml", {}, files);
    const errors = problems.filter((p) => p.severity === "error");
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    const receipt = await this.server.apply(model as Model);
    if (receipt.problems.length > 0) throw new Error(JSON.stringify(receipt.problems));
  }

  /** The origin's end of the newest connection to `port`. */
  origin(port = 9001): Peer {
    return this.origins.get(port)!.at(-1)!;
  }

  async client(text = "", port = PORT): Promise<Peer> {
    const peer = new Peer();
    this.platform.dial({ kind: "tcp", host: "127.0.0.1", port }, {}, peer);
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

  /** Sessions and connections open now by the counters of listener `l` and cluster `c`: none may be left over. */
  get active(): readonly number[] {
    const { metrics } = this.server;
    const l = metrics.listener("l");
    const c = metrics.cluster("c");
    return [l.connectionsActive.value, l.sessionsActive.value, c.sessionsActive.value, c.connectionsActive.value];
  }
}

/** A record is only good while it is written. */
function copyOf(r: AccessRecord): AccessRecord {
  const names = ["startWall", "listener", "remoteAddress", "protocol", "scheme", "authority", "serverName", "status"] as const;
  const more = ["requestBodyBytes", "responseBodyBytes", "duration", "connectDuration", "cluster", "endpoint"] as const;
  const out: Record<string, unknown> = {};
  for (const n of [...names, ...more, "attempts", "flags"] as const) out[n] = r[n];
  return out as unknown as AccessRecord;
}
