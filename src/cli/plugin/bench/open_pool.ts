import { TimerWheel } from "../../../base/timer_wheel.ts";
import type { PluginSpec } from "../../../config/plugin_model.ts";
import type { Platform, Processes } from "../../../platform/types.ts";
import { type HostCalls, PluginPool } from "../../../plugin/process/plugin_pool.ts";
import type { EventLog } from "../../../telemetry/event_log.ts";
import { Numbers } from "../../../telemetry/numbers.ts";
import { PluginMetrics } from "../../../telemetry/plugin_metrics.ts";
import { Flusher } from "../../../wire/flusher.ts";
import type { CliIo } from "../../deps.ts";

/** The processes of a plugin without a server around them. */
export function openPool(spec: PluginSpec, platform: Platform, processes: Processes, version: string, io: CliIo): PluginPool {
  const env = {
    flusher: new Flusher(() => platform.now(), platform.afterTurn),
    wheel: new TimerWheel(
      () => platform.now(),
      (ms, f) => platform.setTimer(ms, f),
    ),
    platform,
    processes,
    log: logTo(io),
    env: io.env,
    version,
    watchProgram: () => ({ close: () => {} }),
    accountOf: () => null,
    random: Math.random,
  };
  return new PluginPool(spec, env, new PluginMetrics(new Numbers(), spec.name), hostCalls());
}

/** Lines of the plugin's own log, and what happened to its processes. */
function logTo(io: CliIo): EventLog {
  return {
    log: (_, event, facts) => io.err(`${event}: ${facts?.["line"] ?? facts?.["reason"] ?? ""}\n`),
  } as EventLog;
}

/** A store of keys and values; other requests are told that there is no such method. */
function hostCalls(): HostCalls {
  const kept = new Map<string, unknown>();
  return {
    notice: () => true,
    request: (p, id, method, { key, value, by }) => {
      const name = String(key);
      if (method === "kv.get") p.link.answer(id, JSON.stringify({ value: kept.get(name) ?? null }));
      else if (method === "kv.delete") p.link.answer(id, `{"deleted":${kept.delete(name)}}`);
      else if (method === "kv.set" || method === "kv.add") {
        const next = method === "kv.set" ? value : Number(kept.get(name) ?? 0) + Number(by ?? 1);
        kept.set(name, next);
        p.link.answer(id, method === "kv.set" ? "{}" : `{"value":${Number(next)}}`);
      } else return false;
      return true;
    },
  };
}
