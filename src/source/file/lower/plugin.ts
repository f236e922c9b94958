import type { ProcessLimitsSpec } from "../../../config/model.ts";
import type { PluginFailureSpec, PluginSpec, PluginUseSpec } from "../../../config/plugin_model.ts";
import type { Reporter } from "../problem_list.ts";
import type { PluginConfig, PluginUseConfig } from "../schema/plugin.ts";
import type { Path } from "../tree.ts";
import type { Lowering } from "./lowering.ts";

/** Answer of a request whose call failed, where nothing else is said. */
const CLOSED_STATUS = 503;

export function lowerPlugin(name: string, c: PluginConfig, { user, group }: ProcessLimitsSpec, to: Lowering): PluginSpec {
  const [program, ...args] = typeof c.command === "string" ? [c.command] : c.command;
  return {
    name,
    command: [program!.includes("/") ? asPath(to.path(program!)) : program!, ...args],
    env: c.env,
    cwd: c.cwd === undefined ? null : to.path(c.cwd),
    runAs: user === null && group === null ? null : { user, group },
    processes: c.processes,
    config: c.config ?? null,
    timeoutMs: c.timeout,
    startMs: c.startTimeout,
    concurrency: c.concurrency,
    queue: c.queue,
    onFailure: failureOf(c.onFailure),
    messageBytes: c.limits.message,
    bodyBytes: c.limits.body,
    streamWindow: c.limits.streamWindow,
    ping: c.ping === null ? null : { everyMs: c.ping.interval, timeoutMs: c.ping.timeout },
    restart: { baseMs: c.restart.base, maxMs: c.restart.max, crashes: c.restart.crashes, windowMs: c.restart.window },
    memory: { softBytes: c.memory.soft ?? null, hardBytes: c.memory.hard ?? null },
    cpu: c.cpu === undefined ? null : { cores: c.cpu.max, windowMs: c.cpu.for },
    drainMs: c.drain,
    grants: {
      authority: c.grants.authority,
      clusters: listOf(c.grants.clusters),
      http: listOf(c.grants.http),
      kv: c.grants.kv,
    },
  };
}

/** Beside the config of a relative name there is no slash left, without which it would be looked for in PATH. */
function asPath(path: string): string {
  return path.includes("/") ? path : `./${path}`;
}

/** `at` leads to the use. What the plugin itself says stands in for what the use does not: it is looked up when the plugin is known. */
export function lowerPluginUse(c: PluginUseConfig, at: Path, to: Lowering, report: Reporter): PluginUseSpec {
  const { use, config, timeout, onFailure } =
    typeof c === "string" ? { use: c, config: undefined, timeout: undefined, onFailure: undefined } : c;
  to.pluginChecks.use(report, at, use, config ?? null);
  return {
    kind: "plugin",
    plugin: use,
    config: config ?? null,
    timeoutMs: timeout ?? null,
    onFailure: onFailure === undefined ? null : failureOf(onFailure),
  };
}

function failureOf(c: PluginConfig["onFailure"]): PluginFailureSpec {
  if (c === "open") return { kind: "open" };
  return { kind: "closed", status: c === "closed" ? CLOSED_STATUS : c.status };
}

function listOf(c: string | readonly string[]): readonly string[] {
  return typeof c === "string" ? [c] : c;
}
