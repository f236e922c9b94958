import { Buffer } from "node:buffer";
import type { Model } from "../../../src/config/model.ts";
import { createMemoryPlatform, type MemoryPlatform } from "../../../src/platform/memory.ts";
import type { TcpAddress, UdpHandler, UdpPeer, UdpPort, UdpSource } from "../../../src/platform/types.ts";
import { Server } from "../../../src/server/server.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";
import type { AccessRecord } from "../../../src/telemetry/access_record.ts";
import { DATAGRAM_DROPS, type DatagramDrop } from "../../../src/telemetry/datagram_metrics.ts";

const PORT = 5300;

/** One end that keeps what it was told. */
export class UdpTestEnd implements UdpHandler {
  readonly texts: string[] = [];
  readonly peers: UdpPeer[] = [];
  port: UdpPort | null = null;
  onDatagram(b: Uint8Array, from: UdpSource): void {
    this.texts.push(Buffer.from(b).toString("latin1"));
    this.peers.push(from.peer());
  }
  onError(): void {}
  onLost(): void {}
  send(text: string, to: UdpPeer | null = null): void {
    this.port!.send(Buffer.from(text, "latin1"), to);
  }
}

/** A Weir in memory with listeners of UDP, and origins that say their port and what came. */
export class UdpSite {
  readonly platform: MemoryPlatform;
  readonly server: Server;
  readonly origins = new Map<number, UdpTestEnd>();
  /** Lines of the access log. */
  readonly lines: AccessRecord[] = [];

  private constructor(platform: MemoryPlatform) {
    this.platform = platform;
    this.server = new Server({ platform, log: { log: () => {} }, build: { version: "0", commit: "test" } });
    this.server.accessLogs.write = (r) => this.lines.push(copyOf(r));
    this.server.readDatagrams();
  }

  static async start(config: string, ports: readonly number[] = [9001]): Promise<UdpSite> {
    const site = new UdpSite(createMemoryPlatform());
    await site.apply(config);
    for (const port of ports) await site.origin(port);
    return site;
  }

  async apply(config: string): Promise<void> {
    const files = { read: () => Promise.reject(new Error("no file")), list: () => Promise.resolve([]) };
    const text = `admin: false\naccessLog: { to: stdout }\n${config}`;
    const { model, problems } = await parseConfig(text, "weir.yaml", {}, files);
    const errors = problems.filter((p) => p.severity === "error");
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    const receipt = await this.server.apply(model as Model);
    if (receipt.problems.length > 0) throw new Error(JSON.stringify(receipt.problems));
  }

  /** Begins to answer on a port. */
  async origin(port: number): Promise<UdpTestEnd> {
    const end = new UdpTestEnd();
    const told = end.onDatagram.bind(end);
    end.onDatagram = (b, from) => {
      told(b, from);
      end.send(`${port} ${end.texts.at(-1)}`, from.peer());
    };
    end.port = await this.platform.udp({ kind: "tcp", host: "127.0.0.1", port }, {}, end);
    end.port.start();
    this.origins.set(port, end);
    return end;
  }

  client(port = PORT, source: string | null = null): UdpTestEnd {
    const end = new UdpTestEnd();
    const to: TcpAddress = { kind: "tcp", host: "127.0.0.1", port };
    end.port = this.platform.connectUdp(to, source, end);
    return end;
  }

  /** Sends from a client and gives what has come back to it by then. */
  async ask(c: UdpTestEnd, text: string): Promise<string> {
    const before = c.texts.length;
    c.send(text);
    await this.platform.settled();
    return c.texts.slice(before).join(",");
  }

  dropped(reason: DatagramDrop): number {
    return this.server.metrics.datagrams("l").dropped.valueAt(DATAGRAM_DROPS.indexOf(reason));
  }

  /** Sessions open now by the counters of listener `l` and cluster `c`. */
  get active(): readonly number[] {
    const { metrics } = this.server;
    return [metrics.listener("l").sessionsActive.value, metrics.cluster("c").sessionsActive.value];
  }
}

/** A record is only good while it is written. */
function copyOf(r: AccessRecord): AccessRecord {
  const names = [
    "listener",
    "remoteAddress",
    "remotePort",
    "localAddress",
    "protocol",
    "scheme",
    "status",
    "connectionId",
  ] as const;
  const more = ["requestBodyBytes", "responseBodyBytes", "duration", "cluster", "endpoint", "attempts", "flags"] as const;
  const out: Record<string, unknown> = {};
  for (const n of [...names, ...more]) out[n] = r[n];
  return out as unknown as AccessRecord;
}
