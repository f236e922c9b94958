import type { PluginSpec, PluginUseSpec } from "../config/plugin_model.ts";
import type { Problem } from "../config/problem.ts";
import type { FilterFactory } from "../filter/types.ts";
import type { Numbers } from "../telemetry/numbers.ts";
import { PluginMetrics } from "../telemetry/plugin_metrics.ts";
import { PluginHostCalls } from "./calls/host_calls.ts";
import type { ClusterFetch } from "./calls/http_call.ts";
import { type KeyStore, OwnStore } from "./calls/key_store.ts";
import { PluginCounters } from "./calls/plugin_counters.ts";
import type { EndpointWatch } from "./endpoints/endpoint_watches.ts";
import { PluginHandle } from "./plugin_handle.ts";
import type { PluginEnv } from "./process/plugin_env.ts";
import { PluginPool } from "./process/plugin_pool.ts";
import { refusal } from "./refusal.ts";
import type { PluginDoor } from "./shared/plugin_door.ts";
import { SharedProcesses } from "./shared/shared_processes.ts";

/** The plugins of a config that is prepared. One of `commit` and `undo` has to be called, once. */
export interface NextPlugins {
  readonly problems: readonly Problem[];
  commit(): void;
  undo(): void;
}

/** What one plugin keeps through all its versions. */
interface Plugin {
  readonly handle: PluginHandle;
  readonly store: KeyStore;
}

export interface PluginsOptions {
  readonly env: PluginEnv;
  readonly numbers: Numbers;
  readonly fetch: ClusterFetch;
  /** null: there is none, or this process is it. */
  readonly supervisor: PluginDoor | null;
  /** Where values are, but for a worker's; null: here. */
  readonly store: ((plugin: string) => KeyStore) | null;
}

/** All plugins of a process of Weir. */
export class Plugins {
  readonly #options: PluginsOptions;
  readonly #plugins = new Map<string, Plugin>();
  #hostTold = false;

  constructor(options: PluginsOptions) {
    this.#options = options;
    const { supervisor } = options;
    if (supervisor !== null) supervisor.onSwap = async (plugin, pool) => await this.#plugins.get(plugin)?.handle.swap(pool);
  }

  /** Starts what is new or has changed; what did not is left alone. */
  async prepare(specs: ReadonlyMap<string, PluginSpec>): Promise<NextPlugins> {
    if (specs.size > 0) this.#tellHost();
    const problems: Problem[] = [];
    const fresh: string[] = [];
    const changed: PluginHandle[] = [];
    await Promise.all(
      [...specs].map(async ([name, spec]) => {
        let plugin = this.#plugins.get(name);
        if (plugin === undefined) {
          plugin = this.#create(name);
          this.#plugins.set(name, plugin);
          fresh.push(name);
        }
        if (JSON.stringify(plugin.handle.spec) === JSON.stringify(spec)) return;
        const why = await plugin.handle.prepare(spec);
        if (why === null) changed.push(plugin.handle);
        else problems.push(refusal(name, why));
      }),
    );
    return {
      problems,
      commit: () => {
        for (const handle of changed) handle.commit();
        for (const [name, { handle, store }] of [...this.#plugins]) {
          if (specs.has(name)) continue;
          this.#plugins.delete(name);
          handle.close();
          store.close();
        }
      },
      undo: () => {
        for (const handle of changed) handle.undo();
        for (const name of fresh) {
          this.#plugins.get(name)?.handle.close();
          this.#plugins.delete(name);
        }
      },
    };
  }

  /** The plugin at a place in a route; between `prepare` and `commit` the one to come. */
  async provision(spec: PluginUseSpec): Promise<FilterFactory | readonly Problem[]> {
    const plugin = this.#plugins.get(spec.plugin);
    const made = plugin === undefined ? "there is no such plugin" : await plugin.handle.use(spec);
    if (typeof made !== "string") return made;
    const message = `the plugin ${spec.plugin} can't be used so: ${made}`;
    return [{ severity: "error", path: "", message, hint: "", place: null }];
  }

  /** Whether a plugin tells endpoints; between `prepare` and `commit` the one to come. null: it has said nothing of itself. */
  tellsEndpoints(name: string): boolean | null {
    return this.#plugins.get(name)?.handle.tellsEndpoints ?? null;
  }

  /** The endpoints of a cluster that names a plugin. */
  watchEndpoints(name: string, watch: EndpointWatch): { close(): void } {
    return this.#plugins.get(name)?.handle.watchEndpoints(watch) ?? { close: () => {} };
  }

  /** Ends all processes when their exchanges are over. */
  close(): void {
    for (const { handle, store } of this.#plugins.values()) {
      handle.close();
      store.close();
    }
  }

  /** Ends all processes now. */
  kill(): void {
    for (const { handle, store } of this.#plugins.values()) {
      handle.kill();
      store.close();
    }
  }

  /** What this host can't do for plugins, once. */
  #tellHost(): void {
    if (this.#hostTold) return;
    this.#hostTold = true;
    const { log, processes } = this.#options.env;
    if (!processes.endsOwned)
      log.log(
        "warning",
        "a plugin that ignores the end of its input outlives a weir that is killed: install setpriv of util-linux",
      );
  }

  #create(name: string): Plugin {
    const { env, numbers, fetch, supervisor, store: storeOf } = this.#options;
    const store = supervisor?.store(name) ?? storeOf?.(name) ?? new OwnStore(env.platform);
    const metrics = new PluginMetrics(numbers, name);
    const counters = new PluginCounters(numbers, name);
    const make = (spec: PluginSpec): PluginPool => {
      const calls = new PluginHostCalls(spec, env, store, counters, fetch);
      const pool = spec.part?.pool ?? null;
      if (pool === null || supervisor === null) return new PluginPool(spec, env, metrics, calls);
      return new PluginPool(spec, env, metrics, calls, (o) => new SharedProcesses(spec, pool, env, metrics, o, supervisor));
    };
    return { handle: new PluginHandle(env, make), store };
  }
}
