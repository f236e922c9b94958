import { Slab } from "../../../../src/base/slab.ts";
import { TimerWheel } from "../../../../src/base/timer_wheel.ts";
import type { ClusterSpec } from "../../../../src/config/model.ts";
import type { HealthCheckSpec } from "../../../../src/config/traffic_model.ts";
import { createMemoryPlatform, type MemoryPlatform } from "../../../../src/platform/memory.ts";
import type { Platform } from "../../../../src/platform/types.ts";
import { type ClusterMetrics, Metrics } from "../../../../src/telemetry/metrics.ts";
import { UpstreamCluster } from "../../../../src/upstream/cluster.ts";
import { HealthBoard } from "../../../../src/upstream/health/health_board.ts";
import { HealthPlace } from "../../../../src/upstream/health/health_place.ts";
import { Flusher } from "../../../../src/wire/flusher.ts";
import type { LinkEnv } from "../../../../src/wire/link.ts";
import { Peer } from "../../exchange/site.ts";
import { RecordingLog } from "../fake_platform.ts";
import { cluster, endpoint } from "../specs.ts";

export const HTTP: HealthCheckSpec = {
  probe: { kind: "http", path: "/healthz", method: "GET", host: null, headers: [], expect: [[200, 299]], body: null },
  port: null,
  intervalMs: 10_000,
  unhealthyIntervalMs: 5_000,
  jitter: 0,
  timeoutMs: 1_000,
  healthyThreshold: 2,
  unhealthyThreshold: 3,
  reuse: true,
};

/** A health check of HTTP; `probe` holds what is different in the request. */
export function http(probe: Partial<Extract<HealthCheckSpec["probe"], { kind: "http" }>> = {}): HealthCheckSpec {
  return { ...HTTP, probe: { ...(HTTP.probe as Extract<HealthCheckSpec["probe"], { kind: "http" }>), ...probe } };
}

export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
export const DOWN = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

/** A host in memory: it sends `answer` for each chunk that comes, where that is a text. */
export class FakeHost {
  readonly peers: Peer[] = [];
  answer: string | ((text: string, peer: Peer) => void);

  constructor(answer: string | ((text: string, peer: Peer) => void)) {
    this.answer = answer;
  }

  /** All that came, over all connections. */
  get asked(): string {
    return this.peers.map((p) => p.text).join("");
  }

  get checks(): number {
    return this.asked.split(" /healthz ").length - 1;
  }
}

/** One cluster with checks, its hosts in memory, and a clock that stands. */
export class CheckedSite {
  readonly platform: MemoryPlatform;
  readonly log = new RecordingLog();
  readonly board: HealthBoard;
  readonly link: LinkEnv;
  readonly metrics: ClusterMetrics = new Metrics().cluster("web");
  readonly cluster: UpstreamCluster;

  /** `on`: another platform, where the test answers dials itself. */
  constructor(spec: ClusterSpec, board = new HealthBoard(), checks = true, on: Platform | null = null) {
    const platform = on ?? createMemoryPlatform();
    this.platform = platform as MemoryPlatform;
    this.board = board;
    const wheel = new TimerWheel(
      () => platform.now(),
      (ms, f) => platform.setTimer(ms, f),
    );
    this.link = { flusher: new Flusher(() => platform.now()), wheel };
    const env = {
      platform,
      link: this.link,
      slab: new Slab(),
      log: this.log,
      openEndpoints: noSource,
      health: new HealthPlace(board, checks, () => 0.5),
    };
    this.cluster = new UpstreamCluster(env, spec, this.metrics, null);
  }

  async host(address: string, answer: FakeHost["answer"]): Promise<FakeHost> {
    const host = new FakeHost(answer);
    await this.platform.listen(endpoint(address).address, {}, (c) => {
      const peer = new AnsweringPeer(host);
      peer.conn = c;
      host.peers.push(peer);
      return peer;
    });
    return host;
  }

  /** State and reason of each host. */
  get states(): string[] {
    return this.cluster.showHosts().map((h) => (h.why === "" ? h.state : `${h.state}: ${h.why}`));
  }

  results(): Record<string, number> {
    const { healthChecks } = this.metrics;
    const all = healthChecks.names.map((name, i) => [name, healthChecks.valueAt(i)] as const);
    return Object.fromEntries(all.filter(([, n]) => n > 0));
  }

  get events(): string[] {
    return this.log.lines.map((l) => `${l.event} ${String(l.facts["host"])}`);
  }
}

class AnsweringPeer extends Peer {
  readonly #host: FakeHost;

  constructor(host: FakeHost) {
    super();
    this.#host = host;
  }

  override onData(b: Uint8Array): void {
    const before = this.text.length;
    super.onData(b);
    const { answer } = this.#host;
    if (typeof answer === "string") this.send(answer);
    else answer(this.text.slice(before), this);
  }

  override onEnd(): void {
    super.onEnd();
    this.conn!.end();
  }
}

function noSource(): never {
  throw new Error("endpoints are listed here");
}

/** A cluster of hosts at these addresses. */
export function checked(health: HealthCheckSpec | null, ...addresses: string[]): ClusterSpec {
  return cluster(
    addresses.map((a) => endpoint(a)),
    { health },
  );
}
