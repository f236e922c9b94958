import type { PluginSpec } from "../../../../src/config/plugin_model.ts";
import type { Seat } from "../../../../src/plugin/process/plugin_call.ts";
import { type HostCalls, PluginPool } from "../../../../src/plugin/process/plugin_pool.ts";
import { PluginDoor } from "../../../../src/plugin/shared/plugin_door.ts";
import type { PluginNews } from "../../../../src/plugin/shared/plugin_news.ts";
import { SharedPlugins } from "../../../../src/plugin/shared/shared_plugins.ts";
import type { PluginWorker } from "../../../../src/plugin/shared/shared_pool.ts";
import { SharedProcesses } from "../../../../src/plugin/shared/shared_processes.ts";
import { ActionCall } from "../../../../src/plugin/use/action_call.ts";
import { Numbers } from "../../../../src/telemetry/numbers.ts";
import { PluginMetrics } from "../../../../src/telemetry/plugin_metrics.ts";
import { FakePlugins, type FakeProcess, SPEC } from "../process/fake_plugins.ts";
import { FakeStreams, type StreamEnd } from "./fake_streams.ts";

const RULES = { side: "request", authority: false, clusters: new Set<string>() } as const;
const NO_CALLS: HostCalls = { notice: () => false, request: () => false };

/** A call, and what came of it: "" while nothing has. */
export interface Asked {
  readonly seat: Seat;
  readonly call: ActionCall;
  end: string;
}

/** A worker of a weir in memory. */
export class FakeWorker implements PluginWorker {
  readonly door: PluginDoor;
  readonly metrics = new PluginMetrics(new Numbers(), "p");
  readonly streams: StreamEnd[] = [];
  readonly #weir: FakeWeir;
  #alive = true;
  pool!: PluginPool;

  constructor(weir: FakeWeir) {
    this.#weir = weir;
    this.door = new PluginDoor({
      clock: weir.fake.platform,
      send: (a) => queueMicrotask(() => this.#alive && weir.shared.hear(this, a)),
      adopt: (fd, open) => void this.streams.push(weir.streams.adopt(fd, open)),
    });
  }

  tellPlugins(news: PluginNews, fd: number | null): void {
    queueMicrotask(() => this.#alive && this.door.hear(news, fd ?? -1));
  }

  async start(calls: HostCalls = NO_CALLS): Promise<this> {
    const { fake, shared, spec } = this.#weir;
    const number = shared.poolOf("p")!;
    this.pool = new PluginPool(
      spec,
      fake.env,
      this.metrics,
      calls,
      (o) => new SharedProcesses(spec, number, fake.env, this.metrics, o, this.door),
    );
    const why = await this.pool.start();
    if (why !== null) throw new Error(why);
    await fake.platform.settled();
    return this;
  }

  ask(seat: Seat = this.pool.seat(), ms = 200): Asked {
    const call = new ActionCall(this.pool, seat, "requestHead", ms, RULES, "");
    const asked: Asked = { seat, call, end: "" };
    void call.answer.then((a) => {
      asked.end = "outcome" in a ? a.outcome : "ok";
    });
    this.pool.call(call);
    return asked;
  }

  /** Its process is killed. */
  die(): void {
    this.#alive = false;
    for (const s of this.streams) s.cut();
    this.#weir.shared.gone(this);
  }
}

/** A supervisor with a plugin whose processes its workers share. */
export class FakeWeir {
  readonly fake = new FakePlugins();
  readonly streams = new FakeStreams();
  readonly numbers = new Numbers();
  readonly spec: PluginSpec;
  readonly shared: SharedPlugins;

  constructor(more: Partial<PluginSpec> = {}) {
    this.spec = { ...SPEC, ...more };
    this.shared = new SharedPlugins({
      env: { ...this.fake.env, openStream: (open) => this.streams.open(open) },
      numbers: this.numbers,
      workers: 4,
      changed: () => {},
    });
  }

  /** With the config in force. Returns what is wrong with it. */
  async apply(spec = this.spec): Promise<readonly string[]> {
    const preparing = this.shared.prepare(new Map([["p", spec]]));
    await this.fake.platform.settled();
    const next = await preparing;
    if (next.problems.length === 0) next.commit();
    else next.undo();
    return next.problems.map((p) => p.message);
  }

  async workers(n: number): Promise<FakeWorker[]> {
    const all: FakeWorker[] = [];
    for (let i = 0; i < n; i++) all.push(await new FakeWorker(this).start());
    return all;
  }

  /** The one process that runs. */
  get process(): FakeProcess {
    return this.fake.running[0]!;
  }

  async settled(): Promise<void> {
    for (let i = 0; i < 3; i++) await this.fake.platform.settled();
  }
}
