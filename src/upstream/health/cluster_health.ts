import type { Platform, Timer } from "../../platform/types.ts";
import { hostKey } from "../host_set.ts";
import type { HostStates } from "../host_states.ts";
import type { Host } from "../types.ts";
import type { HealthBoard, HealthRecord } from "./health_board.ts";

/** A first check that takes its whole time tells its result a little later: it must not find the host taking traffic. */
const RESULT_MS = 100;

/**
 * What the board says of a cluster's hosts, brought to the hosts. A host that nothing is known of takes no traffic until its first result,
 * for one timeout at most, and then takes some until there is one: whoever checks may be gone.
 */
export class ClusterHealth {
  readonly #platform: Pick<Platform, "setTimer">;
  readonly #board: HealthBoard;
  readonly #cluster: string;
  readonly #states: HostStates;
  readonly #timers = new Set<Timer>();
  readonly #unwatch: () => void;
  #hosts = new Map<string, Host[]>();
  #timeoutMs: number;
  #waiters: (() => void)[] = [];

  constructor(
    platform: Pick<Platform, "setTimer">,
    board: HealthBoard,
    cluster: string,
    states: HostStates,
    /** Of one check, milliseconds. */
    timeoutMs: number,
  ) {
    this.#platform = platform;
    this.#board = board;
    this.#cluster = cluster;
    this.#states = states;
    this.#timeoutMs = timeoutMs;
    this.#unwatch = board.watch(cluster, (r) => this.#told(r));
  }

  /** Resolves when no host waits for its first result. */
  get ready(): Promise<void> {
    return this.#isPending() ? new Promise((resolve) => this.#waiters.push(resolve)) : Promise.resolve();
  }

  become(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
  }

  setHosts(hosts: readonly Host[]): void {
    this.#hosts = new Map();
    const fresh: Host[] = [];
    for (const h of hosts) {
      const key = hostKey(h);
      const same = this.#hosts.get(key);
      if (same === undefined) this.#hosts.set(key, [h]);
      else same.push(h);
      if (this.#states.checkOf(h) !== "unchecked") continue;
      const known = this.#board.get(this.#cluster, key);
      if (known === null) fresh.push(h);
      else this.#apply(h, known);
    }
    this.#await(fresh);
    this.#settle();
  }

  /** Hosts are `unchecked` again. */
  close(): void {
    this.#unwatch();
    for (const t of this.#timers) t.cancel();
    this.#timers.clear();
    for (const same of this.#hosts.values()) for (const h of same) this.#states.check(h, "unchecked", "");
    this.#hosts.clear();
    this.#settle();
  }

  #told(r: HealthRecord): void {
    const same = this.#hosts.get(r.host);
    if (same === undefined) return;
    // What nobody checks any more and is still here, by another's answer of DNS, is as good as new.
    if (r.healthy === null) this.#await(same);
    else for (const h of same) this.#apply(h, r);
    this.#settle();
  }

  #apply(h: Host, r: HealthRecord): void {
    this.#states.check(h, r.healthy === true ? "healthy" : "unhealthy", r.why);
  }

  #await(hosts: readonly Host[]): void {
    if (hosts.length === 0) return;
    for (const h of hosts) this.#states.check(h, "pending", "its first check is under way");
    const timer = this.#platform.setTimer(this.#timeoutMs + RESULT_MS, () => {
      this.#timers.delete(timer);
      for (const h of hosts)
        if (this.#states.checkOf(h) === "pending") this.#states.check(h, "unknown", "no check has ended yet");
      this.#settle();
    });
    this.#timers.add(timer);
  }

  #isPending(): boolean {
    for (const same of this.#hosts.values()) for (const h of same) if (this.#states.checkOf(h) === "pending") return true;
    return false;
  }

  #settle(): void {
    if (this.#waiters.length === 0 || this.#isPending()) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const f of waiters) f();
  }
}
