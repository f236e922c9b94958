import type { HealthCheckSpec } from "../../config/traffic_model.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import { CHECK_RESULTS, type CheckResult } from "../../telemetry/health_cells.ts";
import type { ClusterMetrics } from "../../telemetry/metrics.ts";
import type { LinkEnv } from "../../wire/link.ts";
import { hostKey } from "../host_set.ts";
import type { PoolEnv } from "../pool/host_pool.ts";
import type { Host } from "../types.ts";
import type { HealthBoard } from "./health_board.ts";
import { type CheckWatcher, HostCheck } from "./host_check.ts";
import type { Pacer } from "./pacer.ts";
import type { Probe, ProbeOwner } from "./probe.ts";
import { probeHost, probePoolEnv } from "./probe_pool.ts";
import { StreamProbe } from "./stream_probe.ts";
import { TcpProbe } from "./tcp_probe.ts";

export interface ChecksEnv {
  /** The clock of the link's wheel. */
  readonly now: () => number;
  readonly link: LinkEnv;
  readonly log: EventLog;
  readonly board: HealthBoard;
  readonly pacer: Pacer;
  /** Where connections of checks are counted, which nobody sees. */
  readonly uncounted: ClusterMetrics;
  /** 0 to below 1. */
  readonly random: () => number;
}

/** What the checks of a cluster follow; replaced when the config changes. */
export interface ChecksPlan {
  readonly spec: HealthCheckSpec;
  readonly pool: PoolEnv;
}

/** Checks the hosts of one cluster, and writes on the board what comes out. An endpoint that is named twice is checked once. */
export class ClusterChecks implements CheckWatcher {
  readonly #env: ChecksEnv;
  readonly #cluster: string;
  readonly #metrics: ClusterMetrics;
  #plan: ChecksPlan;
  #pool: PoolEnv;
  #hosts = new Map<string, Host>();
  readonly #checks = new Map<string, HostCheck>();

  constructor(env: ChecksEnv, cluster: string, metrics: ClusterMetrics, plan: ChecksPlan) {
    this.#env = env;
    this.#cluster = cluster;
    this.#metrics = metrics;
    this.#plan = plan;
    this.#pool = probePoolEnv(plan.pool, plan.spec, env.uncounted);
  }

  setHosts(hosts: readonly Host[]): void {
    this.#hosts = new Map(hosts.map((h) => [hostKey(h), h]));
    for (const [key, check] of [...this.#checks]) {
      if (this.#hosts.has(key)) continue;
      check.close();
      this.#checks.delete(key);
      this.#env.board.put({ cluster: this.#cluster, host: key, healthy: null, why: "" });
    }
    for (const [key, h] of this.#hosts) if (!this.#checks.has(key)) this.#begin(key, h);
  }

  /** Checks begin anew; what was known of the hosts stays until the next answers. */
  become(plan: ChecksPlan): void {
    this.#plan = plan;
    this.#pool = probePoolEnv(plan.pool, plan.spec, this.#env.uncounted);
    this.close();
    for (const [key, h] of this.#hosts) this.#begin(key, h);
  }

  /** What is known stays on the board. */
  close(): void {
    for (const c of this.#checks.values()) c.close();
    this.#checks.clear();
  }

  onChecked({ key, tally }: HostCheck, result: CheckResult, why: string, changed: boolean): void {
    const { board, log } = this.#env;
    const cluster = this.#cluster;
    this.#metrics.healthChecks.add(CHECK_RESULTS.indexOf(result), 1);
    const healthy = tally.healthy;
    if (healthy === null) return;
    const before = board.get(cluster, key);
    // Of a healthy host no reason is told: a check that fails alone changes nothing.
    const told = healthy ? "" : result === "passed" ? (before?.why ?? "") : why;
    if (changed || before === null || before.why !== told) board.put({ cluster, host: key, healthy, why: told });
    if (!changed) return;
    const facts = { cluster, host: this.#hosts.get(key)!.label };
    if (!healthy) log.log("warning", "host is unhealthy", { ...facts, reason: why });
    else log.log(before === null ? "debug" : "info", "host is healthy", facts);
  }

  #begin(key: string, h: Host): void {
    const { link, random, pacer, board, now } = this.#env;
    const { spec } = this.#plan;
    const pool = this.#pool;
    const env = { link, spec, random, watcher: this };
    const make = (owner: ProbeOwner): Probe => {
      const to = probeHost(h, spec.port);
      const { probe } = spec;
      return probe.kind === "tcp" ? new TcpProbe(to, pool, probe, spec.reuse, owner) : new StreamProbe(to, pool, spec, owner);
    };
    const check = new HostCheck(env, key, board.get(this.#cluster, key)?.healthy ?? null, make);
    this.#checks.set(key, check);
    check.start(pacer.take(now()));
  }
}
