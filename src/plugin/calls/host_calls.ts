import type { PluginSpec } from "../../config/plugin_model.ts";
import type { Level } from "../../telemetry/event_log.ts";
import type { Message } from "../link/message_reader.ts";
import { HOST_CALL_FAILED, NOT_GRANTED } from "../link/plugin_link.ts";
import type { PluginEnv } from "../process/plugin_env.ts";
import type { HostCalls } from "../process/plugin_pool.ts";
import type { PoolProcess } from "../process/pool_process.ts";
import { HostCallError } from "./host_call_error.ts";
import { type ClusterFetch, httpCall } from "./http_call.ts";
import type { KeyStore } from "./key_store.ts";
import { readKvCall } from "./kv_call.ts";
import type { PluginCounters } from "./plugin_counters.ts";

const LEVELS: ReadonlyMap<unknown, Level> = new Map<unknown, Level>([
  ["debug", "debug"],
  ["info", "info"],
  ["warn", "warning"],
  ["error", "error"],
]);
const MESSAGE_CHARS = 4_000;

/** What one plugin may ask of Weir. */
export class PluginHostCalls implements HostCalls {
  readonly #spec: PluginSpec;
  readonly #env: Pick<PluginEnv, "log" | "platform">;
  readonly #store: KeyStore;
  readonly #counters: PluginCounters;
  readonly #fetch: ClusterFetch;

  constructor(
    spec: PluginSpec,
    env: Pick<PluginEnv, "log" | "platform">,
    store: KeyStore,
    counters: PluginCounters,
    fetch: ClusterFetch,
  ) {
    this.#spec = spec;
    this.#env = env;
    this.#store = store;
    this.#counters = counters;
    this.#fetch = fetch;
  }

  notice(method: string, params: Message): boolean {
    if (method === "count") this.#counters.add(params["name"], params["add"] ?? 1, params["labels"]);
    else if (method === "log") this.#tell(params);
    else return false;
    return true;
  }

  request(p: PoolProcess, id: number | string, method: string, params: Message, bytes: Uint8Array | null): boolean {
    if (method.startsWith("kv.")) return this.#keyValue(p, id, method, params);
    if (method !== "http") return false;
    const { cluster } = params as { readonly cluster?: unknown };
    if (typeof cluster !== "string" || !this.#spec.grants.http.includes(cluster)) {
      p.link.refuse(id, NOT_GRANTED, `the cluster ${JSON.stringify(cluster)} is not granted`);
      return true;
    }
    const { info } = p;
    const options = {
      fetch: this.#fetch,
      setTimer: (ms: number, f: () => void) => this.#env.platform.setTimer(ms, f),
      limit: this.#spec.bodyBytes,
      binary: info.capabilities?.binary === true,
      takesText: info.capabilities?.text === true,
    };
    httpCall(params, bytes, options).then(
      ({ result, body }) => p.link.answer(id, result, body),
      (e: unknown) => {
        const code = e instanceof HostCallError ? e.code : HOST_CALL_FAILED;
        p.link.refuse(id, code, e instanceof Error ? e.message : String(e));
      },
    );
    return true;
  }

  #tell({ level, message, facts }: { readonly level?: unknown; readonly message?: unknown; readonly facts?: unknown }): void {
    if (typeof message !== "string") return;
    const more = typeof facts === "object" && facts !== null ? { facts: JSON.stringify(facts).slice(0, MESSAGE_CHARS) } : {};
    this.#env.log.log(LEVELS.get(level) ?? "info", "a plugin says", {
      plugin: this.#spec.name,
      line: message.slice(0, MESSAGE_CHARS),
      ...more,
    });
  }

  #keyValue(p: PoolProcess, id: number | string, method: string, params: Message): boolean {
    if (!this.#spec.grants.kv) {
      p.link.refuse(id, NOT_GRANTED, "kv is not granted");
      return true;
    }
    const call = readKvCall(method, params);
    if (call === null) return false;
    if ("code" in call) p.link.refuse(id, call.code, call.message);
    else
      this.#store.ask(call, (a) => {
        if ("result" in a) p.link.answer(id, a.result);
        else p.link.refuse(id, a.code, a.message);
      });
    return true;
  }
}
