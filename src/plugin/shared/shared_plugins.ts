import type { PluginSpec } from "../../config/plugin_model.ts";
import type { Problem } from "../../config/problem.ts";
import type { Numbers } from "../../telemetry/numbers.ts";
import { PluginMetrics } from "../../telemetry/plugin_metrics.ts";
import { PluginHostCalls } from "../calls/host_calls.ts";
import { OwnStore } from "../calls/key_store.ts";
import { PluginCounters } from "../calls/plugin_counters.ts";
import { refusal } from "../refusal.ts";
import { STEP } from "./marks.ts";
import type { PluginAsk } from "./plugin_news.ts";
import { type PluginWorker, type SharedPluginEnv, SharedPool } from "./shared_pool.ts";

/** A plugin whose processes are the supervisor's. */
interface Shared {
  readonly metrics: PluginMetrics;
  readonly counters: PluginCounters;
  pool: SharedPool | null;
  watch: { close(): void } | null;
}

/** The shared plugins of a config that is prepared. One of `commit` and `undo` has to be called, once. */
export interface NextShared {
  readonly problems: readonly Problem[];
  /** The pool that a worker takes part in; null: it has processes of its own. */
  poolOf(plugin: string): number | null;
  commit(): void;
  undo(): void;
}

export interface SharedPluginsOptions {
  readonly env: SharedPluginEnv;
  readonly numbers: Numbers;
  readonly workers: number;
  /** The program of a plugin is another one: its processes are to be replaced, at a time when no config is. */
  readonly changed: (plugin: string) => void;
}

const CLUSTERS_ELSEWHERE = (): Promise<Response> => Promise.reject(new Error("clusters are the workers'"));

/**
 * What a supervisor has of plugins for all its workers: their values, and the processes of those that are to have fewer than there are
 * workers.
 */
export class SharedPlugins {
  readonly #o: SharedPluginsOptions;
  readonly #stores = new Map<string, OwnStore>();
  readonly #plugins = new Map<string, Shared>();
  readonly #pools = new Map<number, SharedPool>();
  /** The rest of each worker's numbers. */
  readonly #rests = new Map<PluginWorker, number>();
  readonly #swaps = new Map<number, { readonly worker: PluginWorker; readonly done: () => void }>();
  #lastRest = 0;
  #lastPool = 0;
  #lastSwap = 0;

  constructor(o: SharedPluginsOptions) {
    this.#o = o;
  }

  /** Those in force. */
  poolOf(plugin: string): number | null {
    return this.#plugins.get(plugin)?.pool?.number ?? null;
  }

  /** Starts what is new or has changed. */
  async prepare(specs: ReadonlyMap<string, PluginSpec>): Promise<NextShared> {
    const next = new Map<string, SharedPool>();
    const problems: Problem[] = [];
    await Promise.all(
      [...specs.values()].map(async (spec) => {
        if (spec.processes >= this.#o.workers) return;
        const before = this.#plugins.get(spec.name)?.pool ?? null;
        if (JSON.stringify(before?.spec) === JSON.stringify(spec)) {
          next.set(spec.name, before!);
          return;
        }
        const pool = this.#makePool(spec);
        const why = await pool.start();
        if (why === null) next.set(spec.name, pool);
        else {
          pool.close();
          problems.push(refusal(spec.name, why));
        }
      }),
    );
    return {
      problems,
      poolOf: (plugin) => next.get(plugin)?.number ?? null,
      commit: () => {
        for (const [name, shared] of [...this.#plugins]) {
          if (!next.has(name)) this.#putInForce(shared, null);
          if (!specs.has(name)) this.#plugins.delete(name);
        }
        for (const [name, pool] of next) this.#putInForce(this.#shared(name), pool);
        for (const [name, store] of [...this.#stores]) {
          if (specs.has(name)) continue;
          this.#stores.delete(name);
          store.close();
        }
      },
      undo: () => {
        for (const [name, pool] of next) if (this.#plugins.get(name)?.pool !== pool) pool.supersede();
      },
    };
  }

  /** The program of a plugin has changed: new processes take over in all of the workers, or the old ones go on. */
  async renew(plugin: string, workers: readonly PluginWorker[]): Promise<void> {
    const shared = this.#plugins.get(plugin);
    const before = shared?.pool ?? null;
    if (shared === undefined || before === null) return;
    const { log } = this.#o.env;
    const pool = this.#makePool(before.spec);
    const why = (await pool.start()) ?? pool.lacking(before) ?? (await this.#configureAs(before, pool));
    if (why !== null) {
      pool.supersede();
      log.log("error", "a plugin's program changed and does not start: the old one goes on", { plugin, reason: why });
      return;
    }
    shared.pool = pool;
    await Promise.all(workers.map((w) => this.#swap(w, plugin, pool)));
    pool.settings.forget(this);
    before.supersede();
    log.log("info", "a plugin's program changed: new processes took over", { plugin });
  }

  /** Where the values of a plugin are, of this config or the next. */
  store(plugin: string): OwnStore {
    let store = this.#stores.get(plugin);
    if (store === undefined) {
      store = new OwnStore(this.#o.env.platform);
      this.#stores.set(plugin, store);
    }
    return store;
  }

  hear(w: PluginWorker, m: PluginAsk): void {
    switch (m.kind) {
      case "kv":
        this.store(m.plugin).ask(m.call, (answer) => w.tellPlugins({ kind: "kv", id: m.id, answer }, null));
        break;
      case "attach": {
        const pool = this.#pools.get(m.pool);
        if (pool === undefined) w.tellPlugins({ kind: "unknown", id: m.id }, null);
        else pool.attach(w, this.#restOf(w), m.id);
        break;
      }
      case "detach":
        this.#pools.get(m.pool)?.detach(w);
        break;
      case "configure":
        void this.#configure(w, m);
        break;
      case "unconfigure":
        this.#pools.get(m.pool)?.settings.leave(w, m.number);
        break;
      case "swapped":
        this.#swaps.get(m.id)?.done();
        break;
    }
  }

  /** A worker has ended. */
  gone(w: PluginWorker): void {
    this.#rests.delete(w);
    for (const pool of [...this.#pools.values()]) pool.detach(w);
    for (const s of [...this.#swaps.values()]) if (s.worker === w) s.done();
  }

  /** Ends all processes now. */
  kill(): void {
    for (const { watch } of this.#plugins.values()) watch?.close();
    for (const pool of [...this.#pools.values()]) pool.kill();
    for (const store of this.#stores.values()) store.close();
  }

  #putInForce(shared: Shared, pool: SharedPool | null): void {
    const before = shared.pool;
    if (before === pool) return;
    shared.pool = pool;
    shared.watch?.close();
    shared.watch = pool === null ? null : this.#o.env.watchProgram(pool.spec, () => this.#o.changed(pool.spec.name));
    if (before !== null) before.supersede();
  }

  async #configure(w: PluginWorker, m: Extract<PluginAsk, { kind: "configure" }>): Promise<void> {
    const number = (await this.#pools.get(m.pool)?.settings.use(w, m.json)) ?? "its processes are gone already";
    if (typeof number === "number") w.tellPlugins({ kind: "configured", id: m.id, number }, null);
    else w.tellPlugins({ kind: "refused", id: m.id, why: number }, null);
  }

  /** All settings that are in use, before a worker asks for them. */
  async #configureAs(before: SharedPool, pool: SharedPool): Promise<string | null> {
    const answers = await Promise.all(before.settings.all.map((json) => pool.settings.use(this, json)));
    return answers.find((a) => typeof a === "string") ?? null;
  }

  #swap(worker: PluginWorker, plugin: string, pool: SharedPool): Promise<void> {
    const id = ++this.#lastSwap;
    return new Promise((resolve) => {
      const done = (): void => {
        this.#swaps.delete(id);
        resolve();
      };
      this.#swaps.set(id, { worker, done });
      worker.tellPlugins({ kind: "swap", id, plugin, pool: pool.number }, null);
    });
  }

  #makePool(spec: PluginSpec): SharedPool {
    const { env } = this.#o;
    const { metrics, counters } = this.#shared(spec.name);
    const store = { ask: this.#askStore(spec.name), close: () => {} };
    const calls = new PluginHostCalls(spec, env, store, counters, CLUSTERS_ELSEWHERE);
    const pool = new SharedPool(++this.#lastPool, spec, env, metrics, calls, (p) => this.#pools.delete(p.number));
    this.#pools.set(pool.number, pool);
    return pool;
  }

  #askStore(plugin: string): OwnStore["ask"] {
    return (call, done) => this.store(plugin).ask(call, done);
  }

  #shared(name: string): Shared {
    let shared = this.#plugins.get(name);
    if (shared === undefined) {
      const { numbers } = this.#o;
      shared = {
        metrics: new PluginMetrics(numbers, name),
        counters: new PluginCounters(numbers, name),
        pool: null,
        watch: null,
      };
      this.#plugins.set(name, shared);
    }
    return shared;
  }

  /** Of two workers that live at the same time no two have the same, and one that has ended has had its own for long. */
  #restOf(w: PluginWorker): number {
    const known = this.#rests.get(w);
    if (known !== undefined) return known;
    const taken = new Set(this.#rests.values());
    do this.#lastRest = (this.#lastRest % (STEP - 1)) + 1;
    while (taken.has(this.#lastRest));
    this.#rests.set(w, this.#lastRest);
    return this.#lastRest;
  }
}
