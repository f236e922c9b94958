import type { PluginSpec } from "../../config/plugin_model.ts";
import type { Timer } from "../../platform/types.ts";
import type { PluginMetrics } from "../../telemetry/plugin_metrics.ts";
import { AskedCall } from "../link/plugin_link.ts";
import type { InitializeResult } from "../protocol/initialize.ts";
import type { PluginEnv } from "./plugin_env.ts";
import { PluginProcess, type PluginProcessOwner } from "./plugin_process.ts";
import { EVERY_NUMBER, type Numbering, type PluginProcesses, type ProcessesOwner } from "./pool_process.ts";
import { RestartWait } from "./restart_wait.ts";
import { UsageWatch } from "./usage_watch.ts";

/** How often memory and processor time are looked at. */
const WATCH_MS = 1_000;

interface Slot {
  process: PluginProcess | null;
  /** Takes calls until `process` does; null: there is none to wait for. */
  before: PluginProcess | null;
  /** Waits for the next try. */
  timer: Timer | null;
}

/**
 * Processes that are this one's children: starts others in the place of those that end, and stops trying for a while when that is
 * hopeless.
 */
export class OwnProcesses implements PluginProcesses, PluginProcessOwner {
  readonly numbering = EVERY_NUMBER;
  readonly #spec: PluginSpec;
  readonly #env: PluginEnv;
  readonly #metrics: PluginMetrics;
  readonly #owner: ProcessesOwner<PluginProcess>;
  readonly #ids: Numbering;
  /** Number of the first one. */
  readonly #first: number;
  readonly #slots: Slot[];
  readonly #wait: RestartWait;
  readonly #usage: UsageWatch<PluginProcess>;
  /** Settings of uses, by number. */
  readonly #configs = new Map<number, string>();
  /** Processes that take calls. */
  readonly #ready = new Set<PluginProcess>();
  /** Those that were replaced or are to go. */
  readonly #retired = new Set<PluginProcess>();
  #nextConfig = 1;
  #closed = false;
  #tick: Timer | null = null;
  #onStart: ((why: string | null) => void) | null = null;
  #info: InitializeResult | null = null;

  /** `ids`: of requests to them. */
  constructor(
    spec: PluginSpec,
    env: PluginEnv,
    metrics: PluginMetrics,
    owner: ProcessesOwner<PluginProcess>,
    ids: Numbering = EVERY_NUMBER,
  ) {
    this.#spec = spec;
    this.#env = env;
    this.#metrics = metrics;
    this.#owner = owner;
    this.#ids = ids;
    this.#first = spec.part?.first ?? 0;
    this.#wait = new RestartWait(spec.restart, () => env.random());
    this.#usage = new UsageWatch(spec, env.processes, metrics);
    this.#slots = Array.from({ length: spec.processes }, () => ({ process: null, before: null, timer: null }));
  }

  get info(): InitializeResult {
    return this.#info!;
  }

  get isHopeless(): boolean {
    return this.#ready.size === 0 && this.#wait.isOpen(this.#env.platform.now());
  }

  start(): Promise<string | null> {
    return new Promise((resolve) => {
      this.#onStart = resolve;
      this.#startIn(this.#slots[0]!);
    });
  }

  /** In the place of others that were good: with their settings, and with as many tries as it takes. */
  resume(info: InitializeResult, configs: ReadonlyMap<number, string>): void {
    this.#info = info;
    for (const [number, json] of configs) {
      this.#configs.set(number, json);
      this.#nextConfig = Math.max(this.#nextConfig, number + 1);
    }
    this.#startAll();
  }

  async configure(json: string): Promise<number | string> {
    const number = this.#nextConfig++;
    const answers = await Promise.all([...this.#ready].map((p) => this.#configure(p, number, json)));
    const refused = answers.find((a) => a !== null);
    if (refused !== undefined && refused !== null) {
      this.unconfigure(number);
      return refused;
    }
    this.#configs.set(number, json);
    return number;
  }

  unconfigure(number: number): void {
    this.#configs.delete(number);
    for (const p of this.#ready) p.link.notify("unconfigure", `{"config":${number}}`);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#tick?.cancel();
    for (const slot of this.#slots) {
      slot.timer?.cancel();
      const p = slot.process;
      slot.process = null;
      if (p !== null) this.#retire(p);
      if (slot.before !== null) this.#retire(slot.before);
      slot.before = null;
    }
  }

  kill(): void {
    for (const p of [...this.#retired]) p.kill("weir stops");
  }

  // ---- PluginProcessOwner ----

  onInitialized(p: PluginProcess): void {
    void this.#admit(p);
  }

  onGone(p: PluginProcess, why: string): void {
    const wasReady = this.#ready.delete(p);
    const wasRetired = this.#retired.delete(p);
    if (wasReady) this.#metrics.ready.add(-1);
    if (wasReady || wasRetired) this.#owner.onGone(p, why);
    const slot = this.#slots.find((s) => s.process === p);
    if (slot === undefined) {
      for (const s of this.#slots) if (s.before === p) s.before = null;
      return;
    }
    slot.process = null;
    if (this.#onStart !== null) {
      const tell = this.#onStart;
      this.#onStart = null;
      this.#closed = true;
      tell(why);
      return;
    }
    this.#restart(slot, p, why, wasReady);
  }

  // ---- processes ----

  #startIn(slot: Slot): void {
    slot.timer = null;
    const p = new PluginProcess(this.#env, this.#spec, this.#first + this.#slots.indexOf(slot), this, this.#owner, this.#ids);
    slot.process = p;
    p.start();
  }

  #startAll(): void {
    for (const slot of this.#slots) if (slot.process === null) this.#startIn(slot);
    this.#watchSoon();
    this.#tickSoon();
  }

  /** It is told all settings before it takes calls. */
  async #admit(p: PluginProcess): Promise<void> {
    const answers = await Promise.all([...this.#configs].map(([number, json]) => this.#configure(p, number, json)));
    const refused = answers.find((a) => a !== null);
    const { flusher } = this.#env;
    flusher.enter();
    if (refused !== undefined && refused !== null) p.kill(`it refuses settings that another process has taken: ${refused}`);
    else if (p.ready && this.#slots.some((s) => s.process === p)) this.#open(p);
    flusher.leave();
  }

  #open(p: PluginProcess): void {
    this.#info ??= p.info;
    this.#ready.add(p);
    // Another version of the plugin may count here as well.
    this.#metrics.ready.add(1);
    const tell = this.#onStart;
    if (tell !== null) {
      this.#onStart = null;
      this.#startAll();
      tell(null);
    }
    this.#owner.onReady(p);
    this.#letGoBefore(p);
  }

  /** null: it has taken them. */
  async #configure(p: PluginProcess, number: number, json: string): Promise<string | null> {
    const call = new AskedCall(p.link);
    const at = this.#env.platform.now() + this.#spec.startMs;
    p.link.request(call, "configure", `{"config":${number},"value":${json}}`, at);
    const a = await call.answer;
    return "result" in a ? null : a.message;
  }

  #restart(slot: Slot, p: PluginProcess, why: string, wasReady: boolean): void {
    if (this.#closed) return;
    const waitMs = this.#wait.ended(this.#env.platform.now());
    this.#metrics.restarts.add(1);
    const event = wasReady ? "a process of a plugin ended and is started again" : "a process of a plugin does not start";
    this.#env.log.log("warning", event, { ...this.#facts(p, why), waitMs: Math.round(waitMs) });
    if (this.isHopeless) this.#owner.onHopeless(why);
    slot.timer = this.#env.platform.setTimer(waitMs, () => this.#startIn(slot));
  }

  /** It gets no new exchanges, and goes when it has none. */
  #retire(p: PluginProcess): void {
    this.#retired.add(p);
    if (!this.#ready.delete(p)) {
      p.leave();
      return;
    }
    this.#metrics.ready.add(-1);
    this.#owner.onRetired(p);
  }

  /** Tells the first process of the weir the time, for each of its settings. */
  #tickSoon(): void {
    const everyMs = this.#info?.phases.tick?.everyMs;
    if (everyMs === undefined || this.#first > 0) return;
    this.#tick = this.#env.platform.setTimer(everyMs, () => {
      const first = this.#slots[0]!.process;
      const time = Math.round(this.#env.platform.wallNow());
      if (first !== null && this.#ready.has(first))
        for (const config of [0, ...this.#configs.keys()]) first.link.notify("tick", `{"config":${config},"time":${time}}`);
      this.#tickSoon();
    });
  }

  #watchSoon(): void {
    this.#env.platform.setTimer(WATCH_MS, () => {
      const all = new Set([...this.#ready, ...this.#retired]);
      for (const p of all) this.#metrics.linesDropped.add(p.takeDroppedLines());
      this.#usage.look(all, this.#ready, this.#env.platform.now(), {
        kill: (p, why) => p.kill(why),
        replace: (p, why) => this.#replace(p, why),
      });
      // Until the last that drains is gone, which may take all the more.
      if (!this.#closed || all.size > 0) this.#watchSoon();
    });
  }

  /** A successor is started, and then it goes. */
  #replace(p: PluginProcess, why: string): void {
    const slot = this.#slots.find((s) => s.process === p);
    if (slot === undefined) return;
    this.#env.log.log("warning", "a process of a plugin is replaced", this.#facts(p, why));
    this.#metrics.restarts.add(1);
    slot.before = p;
    this.#startIn(slot);
  }

  /** A successor takes calls. */
  #letGoBefore(successor: PluginProcess): void {
    const slot = this.#slots.find((s) => s.process === successor);
    const before = slot?.before ?? null;
    if (slot === undefined || before === null) return;
    slot.before = null;
    this.#retire(before);
  }

  #facts(p: PluginProcess, why: string): { plugin: string; process: number; pid: number; reason: string } {
    return { plugin: this.#spec.name, process: p.index, pid: p.pid, reason: why };
  }
}
