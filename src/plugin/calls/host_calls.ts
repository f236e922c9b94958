import type { PluginSpec } from "../../config/plugin_model.ts";
import type { Level } from "../../telemetry/event_log.ts";
import type { Message } from "../link/message_reader.ts";
import { BAD_PARAMS, HOST_CALL_FAILED, NOT_GRANTED, TOO_LARGE } from "../link/plugin_link.ts";
import type { PluginEnv } from "../process/plugin_env.ts";
import type { HostCalls } from "../process/plugin_pool.ts";
import type { PluginProcess } from "../process/plugin_process.ts";
import { HostCallError } from "./host_call_error.ts";
import { type ClusterFetch, httpCall } from "./http_call.ts";
import { KEY_BYTES, type KeyValues, VALUE_BYTES } from "./key_values.ts";
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
  readonly #kv: KeyValues;
  readonly #counters: PluginCounters;
  readonly #fetch: ClusterFetch;

  constructor(
    spec: PluginSpec,
    env: Pick<PluginEnv, "log" | "platform">,
    kv: KeyValues,
    counters: PluginCounters,
    fetch: ClusterFetch,
  ) {
    this.#spec = spec;
    this.#env = env;
    this.#kv = kv;
    this.#counters = counters;
    this.#fetch = fetch;
  }

  notice(method: string, params: Message): boolean {
    if (method === "count") this.#counters.add(params["name"], params["add"] ?? 1, params["labels"]);
    else if (method === "log") this.#tell(params);
    else return false;
    return true;
  }

  request(p: PluginProcess, id: number | string, method: string, params: Message, bytes: Uint8Array | null): boolean {
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

  #keyValue(p: PluginProcess, id: number | string, method: string, params: Message): boolean {
    if (!this.#spec.grants.kv) {
      p.link.refuse(id, NOT_GRANTED, "kv is not granted");
      return true;
    }
    const { key, value, by, ttlMs } = params as { readonly [K in "key" | "value" | "by" | "ttlMs"]?: unknown };
    if (typeof key !== "string" || key === "" || key.length > KEY_BYTES) {
      p.link.refuse(id, BAD_PARAMS, `key is a string of 1 to ${KEY_BYTES} characters`);
      return true;
    }
    const ttl = typeof ttlMs === "number" && ttlMs >= 1 ? ttlMs : Number.POSITIVE_INFINITY;
    switch (method) {
      case "kv.get":
        p.link.answer(id, JSON.stringify({ value: this.#kv.get(key) ?? null }));
        return true;
      case "kv.delete":
        p.link.answer(id, JSON.stringify({ deleted: this.#kv.delete(key) }));
        return true;
      case "kv.set":
        if (value === undefined) p.link.refuse(id, BAD_PARAMS, "value is any JSON: there is none");
        else if (JSON.stringify(value).length > VALUE_BYTES)
          p.link.refuse(id, TOO_LARGE, `value is any JSON of up to ${VALUE_BYTES} characters`);
        else if (!this.#kv.set(key, value, ttl)) p.link.refuse(id, TOO_LARGE, "there is no more room for values of this plugin");
        else p.link.answer(id, "{}");
        return true;
      case "kv.add": {
        const sum = typeof by === "number" && Number.isFinite(by) ? this.#kv.add(key, by, ttl) : null;
        if (sum === null) p.link.refuse(id, BAD_PARAMS, "by is a number, and so is the value of the key");
        else p.link.answer(id, JSON.stringify({ value: sum }));
        return true;
      }
      default:
        return false;
    }
  }
}
