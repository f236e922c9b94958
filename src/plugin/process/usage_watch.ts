import type { PluginSpec } from "../../config/plugin_model.ts";
import type { Processes } from "../../platform/types.ts";
import type { PluginMetrics } from "../../telemetry/plugin_metrics.ts";

/** A process as far as its use of the host goes. */
export interface UsingProcess {
  readonly pid: number;
}

/** What becomes of a process that is over a limit. `why`: for people. */
export interface UsageActions<P> {
  kill(p: P, why: string): void;
  /** It finishes what it has while another takes its place. */
  replace(p: P, why: string): void;
}

interface Seen {
  memory: number;
  cpu: number;
  /** When the window began, and the processor time of that moment. */
  since: number;
  cpuThen: number;
}

/** Memory and processor time of the processes of one plugin, held against its limits and told as numbers. */
export class UsageWatch<P extends UsingProcess> {
  readonly #spec: Pick<PluginSpec, "memory" | "cpu">;
  readonly #processes: Pick<Processes, "residentOf" | "cpuSecondsOf">;
  readonly #metrics: Pick<PluginMetrics, "memory" | "cpuSeconds">;
  readonly #seen = new Map<P, Seen>();

  constructor(
    spec: Pick<PluginSpec, "memory" | "cpu">,
    processes: Pick<Processes, "residentOf" | "cpuSecondsOf">,
    metrics: Pick<PluginMetrics, "memory" | "cpuSeconds">,
  ) {
    this.#spec = spec;
    this.#processes = processes;
    this.#metrics = metrics;
  }

  /** To be called now and then. `all`: those that live; those that serve can be replaced. `now`: milliseconds. */
  look(all: ReadonlySet<P>, serving: ReadonlySet<P>, now: number, actions: UsageActions<P>): void {
    for (const [p, seen] of this.#seen) {
      if (all.has(p)) continue;
      this.#metrics.memory.add(-seen.memory);
      this.#seen.delete(p);
    }
    for (const p of all) this.#lookAt(p, serving.has(p), now, actions);
  }

  #lookAt(p: P, serves: boolean, now: number, actions: UsageActions<P>): void {
    const memory = this.#processes.residentOf(p.pid);
    const cpu = this.#processes.cpuSecondsOf(p.pid);
    if (memory === null || cpu === null) return;
    let seen = this.#seen.get(p);
    if (seen === undefined) {
      seen = { memory: 0, cpu: 0, since: now, cpuThen: cpu };
      this.#seen.set(p, seen);
    }
    this.#metrics.memory.add(memory - seen.memory);
    this.#metrics.cpuSeconds.add(Math.max(0, cpu - seen.cpu));
    seen.memory = memory;
    seen.cpu = cpu;
    const { softBytes, hardBytes } = this.#spec.memory;
    const cores = this.#coresOf(seen, now);
    if (hardBytes !== null && memory > hardBytes) actions.kill(p, `it is over its hard memory limit: ${memory} bytes`);
    else if (!serves) return;
    else if (softBytes !== null && memory > softBytes) actions.replace(p, `it is over its soft memory limit: ${memory} bytes`);
    else if (cores !== null && cores > this.#spec.cpu!.cores)
      actions.replace(p, `it is over its processor limit: it used ${cores.toFixed(2)} cores for ${this.#spec.cpu!.windowMs} ms`);
  }

  /** What it used on average in a window that is over now; null: none is. */
  #coresOf(seen: Seen, now: number): number | null {
    const { cpu: limit } = this.#spec;
    const ms = now - seen.since;
    if (limit === null || ms < limit.windowMs) return null;
    const cores = ((seen.cpu - seen.cpuThen) * 1000) / ms;
    seen.since = now;
    seen.cpuThen = seen.cpu;
    return cores;
  }
}
