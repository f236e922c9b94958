import { TimerWheel } from "../../../../src/base/timer_wheel.ts";
import type { PluginSpec } from "../../../../src/config/plugin_model.ts";
import { createMemoryPlatform } from "../../../../src/platform/memory.ts";
import type { Processes, ProcessHandler, ProcessSpec } from "../../../../src/platform/types.ts";
import type { PluginEnv } from "../../../../src/plugin/process/plugin_env.ts";
import { Flusher } from "../../../../src/wire/flusher.ts";

export const SPEC: PluginSpec = {
  name: "p",
  command: ["p"],
  env: {},
  cwd: null,
  runAs: null,
  processes: 1,
  config: null,
  timeoutMs: 200,
  startMs: 5000,
  concurrency: 2,
  queue: 2,
  onFailure: { kind: "closed", status: 503 },
  messageBytes: 64 * 1024,
  bodyBytes: 1024,
  streamWindow: 100,
  ping: null,
  restart: { baseMs: 100, maxMs: 1000, crashes: 3, windowMs: 60_000 },
  memory: { softBytes: null, hardBytes: null },
  cpu: null,
  drainMs: 10_000,
  grants: { authority: false, clusters: [], http: [], kv: false },
};

/** A process of a plugin that answers `initialize`, `configure` and `shutdown`, and otherwise does what a test says. */
export class FakeProcess {
  readonly pid: number;
  readonly spec: ProcessSpec;
  readonly #handler: ProcessHandler;
  /** Messages that came, but for those that it answers itself. */
  readonly got: { readonly id?: number; readonly method: string; readonly params: Record<string, unknown> }[] = [];
  /** All that came, a character a byte. */
  written = "";
  queued = 0;
  rss = 0;
  cpuSeconds = 0;
  ended = "";
  inputEnded = false;
  silent = false;

  constructor(pid: number, spec: ProcessSpec, handler: ProcessHandler) {
    this.pid = pid;
    this.spec = spec;
    this.#handler = handler;
  }

  say(m: unknown): void {
    this.#handler.onStdout?.(new TextEncoder().encode(`${typeof m === "string" ? m : JSON.stringify(m)}\n`));
  }

  answer(id: number, result: unknown): void {
    this.say({ jsonrpc: "2.0", id, result });
  }

  exit(code: number | null, signal: string | null = null): void {
    if (this.ended !== "") return;
    this.ended = signal ?? `code ${code}`;
    queueMicrotask(() => this.#handler.onExit({ code, signal, failed: null }));
  }

  take(line: string): void {
    if (this.silent) return;
    const m = JSON.parse(line) as { id?: number; method: string; params: Record<string, unknown> };
    if (m.method === "initialize")
      this.answer(m.id!, {
        protocol: 1,
        name: "fake",
        version: "1",
        capabilities: { binary: true },
        phases: { requestHead: {}, responseHead: {} },
      });
    else if (m.method === "configure" || m.method === "shutdown") this.answer(m.id!, {});
    else if (m.method !== "initialized") this.got.push(m);
    if (m.method === "shutdown") this.exit(0);
  }
}

/** Processes that a test makes up, and a clock that it moves. */
export class FakePlugins {
  readonly platform = createMemoryPlatform();
  readonly started: FakeProcess[] = [];
  readonly logged: string[] = [];
  /** What becomes of the next ones. */
  next: "serves" | "dies" | "silent" = "serves";
  readonly env: PluginEnv;

  constructor() {
    const { platform } = this;
    const processes = {
      pid: 1,
      spawn: (spec: ProcessSpec, handler: ProcessHandler) => this.#spawn(spec, handler),
      endsOwned: true,
      residentOf: (pid: number) => this.#of(pid)?.rss ?? null,
      cpuSecondsOf: (pid: number) => this.#of(pid)?.cpuSeconds ?? null,
    } as unknown as Processes;
    this.env = {
      platform,
      processes,
      wheel: new TimerWheel(
        () => platform.now(),
        (ms, f) => platform.setTimer(ms, f),
      ),
      flusher: new Flusher(() => platform.now()),
      log: { log: (_, event, facts) => this.logged.push(`${event}: ${String(facts?.["reason"] ?? "")}`) },
      env: { PATH: "/bin", SECRET: "s" },
      version: "1",
      accountOf: () => null,
      random: () => 1,
      watchProgram: () => ({ close: () => {} }),
    };
  }

  /** Those that have not ended. */
  get running(): readonly FakeProcess[] {
    return this.started.filter((p) => p.ended === "");
  }

  #of(pid: number): FakeProcess | undefined {
    return this.running.find((p) => p.pid === pid);
  }

  #spawn(spec: ProcessSpec, handler: ProcessHandler): ReturnType<Processes["spawn"]> {
    const p = new FakeProcess(this.started.length + 10, spec, handler);
    this.started.push(p);
    if (this.next === "silent") p.silent = true;
    if (this.next === "dies") p.exit(1);
    return {
      pid: p.pid,
      get queued() {
        return p.queued;
      },
      write: (b) => {
        p.written += String.fromCharCode(...b);
        for (const line of new TextDecoder().decode(b).split("\n").slice(0, -1)) queueMicrotask(() => p.take(line));
        return true;
      },
      endInput: () => {
        p.inputEnded = true;
      },
      kill: (signal) => {
        p.exit(null, signal);
        return true;
      },
    };
  }
}
