import type { PluginSpec, PluginUseSpec } from "../config/plugin_model.ts";
import type { Problem } from "../config/problem.ts";
import type { FilterFactory } from "../filter/types.ts";
import type { Numbers } from "../telemetry/numbers.ts";
import { PluginMetrics } from "../telemetry/plugin_metrics.ts";
import { PluginHostCalls } from "./calls/host_calls.ts";
import type { ClusterFetch } from "./calls/http_call.ts";
import { KeyValues } from "./calls/key_values.ts";
import { PluginCounters } from "./calls/plugin_counters.ts";
import { PluginHandle } from "./plugin_handle.ts";
import type { PluginEnv } from "./process/plugin_env.ts";
import { PluginPool } from "./process/plugin_pool.ts";

/** The plugins of a config that is prepared. One of `commit` and `undo` has to be called, once. */
export interface NextPlugins {
  readonly problems: readonly Problem[];
  commit(): void;
  undo(): void;
}

/** What one plugin keeps through all its versions. */
interface Plugin {
  readonly handle: PluginHandle;
  readonly kv: KeyValues;
}

export interface PluginsOptions {
  readonly env: PluginEnv;
  readonly numbers: Numbers;
  readonly fetch: ClusterFetch;
}

/** All plugins of a process of Weir. */
export class Plugins {
  readonly #options: PluginsOptions;
  readonly #plugins = new Map<string, Plugin>();

  constructor(options: PluginsOptions) {
    this.#options = options;
  }

  /** Starts what is new or has changed; what did not is left alone. */
  async prepare(specs: ReadonlyMap<string, PluginSpec>): Promise<NextPlugins> {
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
        else
          problems.push({
            severity: "error",
            path: `plugins.${name}`,
            message: `the plugin ${name} is refused: ${why}`,
            hint: "",
            place: null,
          });
      }),
    );
    return {
      problems,
      commit: () => {
        for (const handle of changed) handle.commit();
        for (const [name, { handle, kv }] of [...this.#plugins]) {
          if (specs.has(name)) continue;
          this.#plugins.delete(name);
          handle.close();
          kv.close();
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

  /** Ends all processes when their exchanges are over. */
  close(): void {
    for (const { handle, kv } of this.#plugins.values()) {
      handle.close();
      kv.close();
    }
  }

  /** Ends all processes now. */
  kill(): void {
    for (const { handle, kv } of this.#plugins.values()) {
      handle.kill();
      kv.close();
    }
  }

  #create(name: string): Plugin {
    const { env, numbers, fetch } = this.#options;
    const kv = new KeyValues(
      () => env.platform.now(),
      (ms, f) => env.platform.setTimer(ms, f),
    );
    const metrics = new PluginMetrics(numbers, name);
    const counters = new PluginCounters(numbers, name);
    const make = (spec: PluginSpec): PluginPool =>
      new PluginPool(spec, env, metrics, new PluginHostCalls(spec, env, kv, counters, fetch));
    return { handle: new PluginHandle(env, make), kv };
  }
}
