import type { PluginSpec } from "../../../config/plugin_model.ts";
import type { Platform, Processes } from "../../../platform/types.ts";
import type { PluginPool } from "../../../plugin/process/plugin_pool.ts";
import { type About, type CliIo, EXIT } from "../../deps.ts";
import { pluginTarget, type TargetArgs } from "../plugin_target.ts";
import { callParams } from "../replay/call_params.ts";
import { paced, Round, saturated } from "./load.ts";
import { openPool } from "./open_pool.ts";

export interface BenchPluginArgs extends TargetArgs {
  /** Calls a second of the first round. */
  readonly rate: number;
  /** Calls that are open at once in the second. */
  readonly concurrency: number;
  /** Of each round. */
  readonly seconds: number;
  readonly path: string;
  /** Fields of the head, `name: value` each. */
  readonly headers: readonly string[];
  readonly json: boolean;
}

interface Measured {
  readonly answered: number;
  readonly failed: number;
  /** Why the first that failed did; null: none. */
  readonly fault: string | null;
  readonly callsPerSecond: number;
  /** Milliseconds; null: none was answered. */
  readonly roundTripMs: {
    readonly p50: number | null;
    readonly p90: number | null;
    readonly p99: number | null;
    readonly max: number | null;
  };
  /** Microseconds a call; null: the system does not tell. */
  readonly cpuUs: { readonly weir: number | null; readonly plugin: number | null };
}

const PHASES = ["requestHead", "responseHead"] as const;
const WARM_SECONDS = 0.5;

/** `weir plugin bench`: 1 when the plugin does not start, or a call failed. */
export async function benchPlugin(args: BenchPluginArgs, { io, about, createPlatform }: BenchDeps): Promise<number> {
  const spec = await pluginTarget(args, io);
  if (typeof spec === "number") return spec;
  const platform = await createPlatform();
  const { processes } = platform;
  if (processes === null) {
    io.err("weir: run weir on a system that has processes: it can have none here\n");
    return EXIT.problems;
  }
  const pool = openPool(spec, platform, processes, about.version, io);
  const why = await pool.start();
  if (why !== null) {
    io.err(`weir: the plugin does not start: ${why}\n`);
    return EXIT.problems;
  }
  try {
    return await measure(args, spec, pool, io, processes);
  } finally {
    pool.kill();
  }
}

export interface BenchDeps {
  readonly io: CliIo;
  readonly about: About;
  createPlatform(): Promise<Platform>;
}

async function measure(
  args: BenchPluginArgs,
  spec: PluginSpec,
  pool: PluginPool,
  io: CliIo,
  processes: Processes,
): Promise<number> {
  const { name, version, phases } = pool.info;
  const phase = PHASES.find((p) => phases[p] !== undefined);
  if (phase === undefined) {
    io.err(`weir: give the plugin one of the phases ${PHASES.join(" and ")}, whose calls are measured: it has neither\n`);
    return EXIT.problems;
  }
  const text = paramsText(phase, phases[phase] ?? {}, args);
  const { rate, concurrency, seconds } = args;
  const round = async (run: (r: Round, ask: () => Promise<void>) => Promise<void>): Promise<Measured> => {
    const r = new Round();
    return measured(r, processes, pool.pids, () => run(r, () => r.ask(pool, phase, spec.timeoutMs, text)));
  };
  await round((r, ask) => saturated(r, Math.min(8, concurrency), Math.min(WARM_SECONDS, seconds), ask));
  const atRate = await round((r, ask) => paced(r, rate, seconds, () => void ask()));
  const atOnce = await round((r, ask) => saturated(r, concurrency, seconds, ask));
  const memory = pool.pids
    .map((pid) => processes.residentOf(pid))
    .reduce<number | null>((sum, m) => (m === null ? sum : (sum ?? 0) + m), null);
  const found = { name, version, phase, processes: spec.processes, seconds, memoryBytes: memory };
  if (args.json)
    io.out(`${JSON.stringify({ ...found, paced: { rate, ...atRate }, saturated: { concurrency, ...atOnce } }, null, 2)}\n`);
  else {
    io.out(`${name} ${version}: ${phase}, ${spec.processes === 1 ? "1 process" : `${spec.processes} processes`}\n`);
    io.out(`${rate} calls a second, for ${seconds} s\n${linesOf(atRate)}`);
    io.out(`${concurrency} calls at once, for ${seconds} s\n${linesOf(atOnce)}`);
    if (memory !== null) io.out(`memory ${(memory / 1024 / 1024).toFixed(1)} MiB\n`);
  }
  return atRate.failed + atOnce.failed === 0 ? EXIT.done : EXIT.problems;
}

/** Members behind x and deadlineMs. */
function paramsText(phase: (typeof PHASES)[number], needs: object, { path, headers }: BenchPluginArgs): string {
  const fields = headers.map((h) => {
    const at = h.indexOf(":");
    return [h.slice(0, at).trim().toLowerCase(), h.slice(at + 1).trim()];
  });
  const said = phase === "requestHead" ? { request: { path, fields } } : { response: { fields } };
  const { x: _, deadlineMs: __, ...params } = callParams(phase, needs as Readonly<Record<string, unknown>>, said, 0);
  return `,${JSON.stringify(params).slice(1, -1)}`;
}

async function measured(r: Round, processes: Processes, pids: readonly number[], run: () => Promise<void>): Promise<Measured> {
  const cpuMs = (list: readonly number[]): number | null =>
    list.reduce<number | null>((sum, pid) => {
      const seconds = processes.cpuSecondsOf(pid);
      return sum === null || seconds === null ? null : sum + seconds * 1000;
    }, 0);
  const own = [processes.pid];
  const [before, othersBefore, began] = [cpuMs(own), cpuMs(pids), performance.now()];
  await run();
  const took = (performance.now() - began) / 1000;
  const calls = Math.max(1, r.answered + r.failed);
  const perCall = (from: number | null, to: number | null): number | null =>
    from === null || to === null ? null : ((to - from) * 1000) / calls;
  return {
    answered: r.answered,
    failed: r.failed,
    fault: r.fault === "" ? null : r.fault,
    callsPerSecond: Math.round(r.answered / took),
    roundTripMs: { p50: r.below(0.5), p90: r.below(0.9), p99: r.below(0.99), max: r.below(1) },
    cpuUs: {
      weir: perCall(before, cpuMs(own)),
      plugin: perCall(othersBefore, cpuMs(pids)),
    },
  };
}

function linesOf({ answered, failed, fault, callsPerSecond, roundTripMs, cpuUs }: Measured): string {
  const { p50, p90, p99, max } = roundTripMs;
  const bad = failed === 0 ? "" : `, ${failed} failed (${fault})`;
  return [
    `  ${answered} answered${bad}: ${callsPerSecond} a second`,
    `  round trip: p50 ${us(p50)}, p90 ${us(p90)}, p99 ${us(p99)}, max ${us(max)}`,
    ...(cpuUs.weir === null || cpuUs.plugin === null
      ? []
      : [`  CPU a call: weir ${cpuUs.weir.toFixed(1)} µs, plugin ${cpuUs.plugin.toFixed(1)} µs`]),
    "",
  ].join("\n");
}

function us(ms: number | null): string {
  return ms === null ? "–" : ms < 10 ? `${Math.round(ms * 1000)} µs` : `${ms.toFixed(1)} ms`;
}
