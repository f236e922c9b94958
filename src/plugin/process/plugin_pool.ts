import type { TimerWheel } from "../../base/timer_wheel.ts";
import type { PluginSpec } from "../../config/plugin_model.ts";
import type { Timer } from "../../platform/types.ts";
import type { PluginMetrics } from "../../telemetry/plugin_metrics.ts";
import { EndpointWatches } from "../endpoints/endpoint_watches.ts";
import type { Message } from "../link/message_reader.ts";
import { METHOD_NOT_FOUND } from "../link/plugin_link.ts";
import type { InitializeResult } from "../protocol/initialize.ts";
import { CallQueue } from "./call_queue.ts";
import { OwnProcesses } from "./own_processes.ts";
import { type CallOwner, type PluginCall, Seat } from "./plugin_call.ts";
import type { PluginEnv } from "./plugin_env.ts";
import type { PluginProcesses, PoolProcess, ProcessesOwner } from "./pool_process.ts";

/** What a plugin asks of Weir (docs/plugin-protocol.md, host calls). */
export interface HostCalls {
  /** False: no such notification. */
  notice(method: string, params: Message): boolean;
  /** False: no such request. `p` is answered. */
  request(p: PoolProcess, id: number | string, method: string, params: Message, bytes: Uint8Array | null): boolean;
}

/** What streams of one exchange hear of. */
export interface StreamSink {
  onStream(method: string, params: Message, bytes: Uint8Array | null): void;
  /** Its process is gone. */
  onGone(why: string): void;
}

/** The calls of one plugin: each goes to the process that has the fewest open, or waits for one. */
export class PluginPool implements ProcessesOwner, CallOwner {
  readonly spec: PluginSpec;
  readonly metrics: PluginMetrics;
  /** What it tells clusters. */
  readonly endpoints = new EndpointWatches((n) => this.#numberOf(n));
  readonly #env: PluginEnv;
  readonly #calls: HostCalls;
  readonly #processes: PluginProcesses;
  readonly #queue: CallQueue;
  /** Processes that take calls. */
  readonly #ready = new Set<PoolProcess>();
  /** Those that were replaced or are to go, with exchanges left. */
  readonly #leaving = new Map<PoolProcess, Timer>();
  readonly #streams = new Map<number, { readonly seat: Seat; readonly sink: StreamSink }>();
  /** Exchanges so far. */
  #seats = 0;
  #closed = false;

  /** `processes`: makes those that calls go to; absent: children of this process. */
  constructor(
    spec: PluginSpec,
    env: PluginEnv,
    metrics: PluginMetrics,
    calls: HostCalls,
    processes: (o: ProcessesOwner) => PluginProcesses = (o) => new OwnProcesses(spec, env, metrics, o),
  ) {
    this.spec = spec;
    this.#env = env;
    this.metrics = metrics;
    this.#calls = calls;
    this.#queue = new CallQueue(spec.queue);
    this.#processes = processes(this);
  }

  /** What the plugin says of itself. Only after a good start. */
  get info(): InitializeResult {
    return this.#processes.info;
  }

  /** Processes as they are, for the status. */
  get pids(): readonly number[] {
    return [...this.#ready].map((p) => p.pid);
  }

  /** Resolves when calls can be made, to null, or with the reason, for people, when they can't. */
  async start(): Promise<string | null> {
    const why = await this.#processes.start();
    if (why !== null) this.#closed = true;
    return why;
  }

  /** Tells all processes the settings of a use. Resolves to their number, or to what is wrong with them. */
  configure(value: unknown): Promise<number | string> {
    return this.#processes.configure(JSON.stringify(value));
  }

  /** No call will name these settings any more. */
  unconfigure(number: number): void {
    this.#processes.unconfigure(number);
  }

  /** A place for an exchange. */
  seat(): Seat {
    return new Seat(this.#numberOf(this.#seats++));
  }

  /** Gives the seat a process, where no call has done so. False: there is none. */
  attach(seat: Seat): boolean {
    if (seat.process !== null) return this.#isAlive(seat.process);
    let best: PoolProcess | null = null;
    for (const p of this.#ready) if (best === null || p.exchanges < best.exchanges) best = p;
    if (best === null) return false;
    seat.process = best;
    best.enter(seat.x);
    return true;
  }

  /** The exchange is over. `told`: the process is told so. */
  leaveSeat(seat: Seat, told: boolean): void {
    this.#streams.delete(seat.x);
    const p = seat.process;
    if (p === null) return;
    seat.process = null;
    p.exit(seat.x);
    if (told) p.link.notify("done", `{"x":${seat.x}}`);
    this.#letGo(p);
  }

  /** Data and credit of the seat's streams go to `sink` until its exchange is over. */
  stream(seat: Seat, sink: StreamSink): void {
    this.#streams.set(seat.x, { seat, sink });
  }

  /** Sends a call, or keeps it until a process may take it. It hears of its end, at once perhaps. */
  call(c: PluginCall): void {
    const p = this.#roomFor(c);
    if (p !== null) {
      this.#send(c, p);
      return;
    }
    const { seat } = c;
    if (this.#closed || (seat.process === null && this.#processes.isHopeless)) {
      c.onFailed({ outcome: "gone", message: "no process of the plugin runs" });
    } else if (seat.process !== null && !this.#isAlive(seat.process)) {
      c.onFailed({ outcome: "gone", message: "the process that had the exchange has ended" });
    } else if (this.#queue.push(c)) {
      this.metrics.queued.add(1);
      this.#env.wheel.schedule(c, c.at);
    } else {
      c.onFailed({ outcome: "overflow", message: `${this.spec.queue} calls wait already` });
    }
  }

  /** Ends all processes: each when its exchanges are over, at the drain limit at the latest. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#processes.close();
    this.#failWaiting("the plugin is stopped");
  }

  /** Ends all processes now. */
  kill(): void {
    this.close();
    this.#processes.kill();
  }

  /** Sends a notification to the process with the fewest exchanges. False: there is none, or it has not read `mostBytes` before. */
  tell(method: string, params: string, mostBytes: number): boolean {
    let best: PoolProcess | null = null;
    for (const p of this.#ready) if (best === null || p.queued < best.queued) best = p;
    if (best === null || best.queued > mostBytes) return false;
    best.link.notify(method, params);
    return true;
  }

  later(ms: number, f: () => void): Timer {
    return this.#env.platform.setTimer(ms, f);
  }

  get wheel(): TimerWheel {
    return this.#env.wheel;
  }

  // ---- CallOwner ----

  now(): number {
    return this.#env.platform.now();
  }

  over(c: PluginCall): void {
    if (c.id === 0) return;
    this.metrics.open.add(-1);
    const p = c.seat.process;
    if (p !== null) this.#letGo(p);
    if (this.#queue.size > 0) this.#drain();
  }

  withdraw(c: PluginCall): void {
    if (this.#queue.remove(c)) {
      this.metrics.queued.add(-1);
      this.#env.wheel.remove(c);
    } else c.seat.process?.link.cancel(c);
  }

  // ---- ProcessesOwner ----

  onReady(p: PoolProcess): void {
    this.#ready.add(p);
    this.#passEndpoints();
    this.#drain();
  }

  onRetired(p: PoolProcess): void {
    this.#ready.delete(p);
    this.#passEndpoints();
    const late = this.#env.platform.setTimer(this.spec.drainMs, () => p.leave(), true);
    this.#leaving.set(p, late);
    this.#letGo(p);
  }

  onGone(p: PoolProcess, why: string): void {
    this.#ready.delete(p);
    this.#leaving.get(p)?.cancel();
    this.#leaving.delete(p);
    this.#passEndpoints();
    for (const { seat, sink } of [...this.#streams.values()]) if (seat.process === p) sink.onGone(why);
    for (const c of this.#queue.take((q) => q.seat.process === p)) {
      this.metrics.queued.add(-1);
      this.#env.wheel.remove(c);
      c.onFailed({ outcome: "gone", message: why });
    }
  }

  onHopeless(why: string): void {
    this.#failWaiting(why);
  }

  onNotice(p: PoolProcess, method: string, params: Message, bytes: Uint8Array | null): boolean {
    const { x } = params as { readonly x?: unknown };
    if (typeof x === "number") {
      const stream = this.#streams.get(x);
      if (stream?.seat.process !== p) return false;
      stream.sink.onStream(method, params, bytes);
      return true;
    }
    if (method === "endpoints") this.endpoints.heard(p, params);
    else this.#calls.notice(method, params);
    return false;
  }

  onRequest(p: PoolProcess, id: number | string, method: string, params: Message, bytes: Uint8Array | null): void {
    if (!this.#calls.request(p, id, method, params, bytes)) p.link.refuse(id, METHOD_NOT_FOUND, `there is no method "${method}"`);
  }

  /** A late answer. */
  onUnasked(): boolean {
    return false;
  }

  // ---- calls ----

  #roomFor({ seat }: PluginCall): PoolProcess | null {
    const own = seat.process;
    if (own !== null) return this.#isAlive(own) && own.link.open < this.spec.concurrency ? own : null;
    let best: PoolProcess | null = null;
    for (const p of this.#ready) if (best === null || p.link.open < best.link.open) best = p;
    return best !== null && best.link.open < this.spec.concurrency ? best : null;
  }

  #isAlive(p: PoolProcess): boolean {
    return this.#ready.has(p) || this.#leaving.has(p);
  }

  #send(c: PluginCall, p: PoolProcess): void {
    if (c.seat.process === null) {
      c.seat.process = p;
      p.enter(c.seat.x);
    }
    this.metrics.open.add(1);
    p.link.request(c, c.method, c.params(Math.max(1, Math.round(c.at - this.now()))), c.at, c.bytes);
  }

  #drain(): void {
    this.#queue.drain(
      this.now(),
      (c) => this.#roomFor(c),
      (c, p) => {
        this.metrics.queued.add(-1);
        this.#env.wheel.remove(c);
        this.#send(c, p);
      },
    );
  }

  #failWaiting(why: string): void {
    for (const c of this.#queue.take((q) => q.seat.process === null)) {
      this.metrics.queued.add(-1);
      this.#env.wheel.remove(c);
      c.onFailed({ outcome: "gone", message: why });
    }
  }

  /** Of the n-th exchange or watch: others may have some at the same process. */
  #numberOf(n: number): number {
    const { first, step } = this.#processes.numbering;
    return first + step * n;
  }

  /** One that takes calls has what is watched; the same as long as it does. */
  #passEndpoints(): void {
    const { holder } = this.endpoints;
    for (const p of this.#ready) if (p === holder) return;
    this.endpoints.hold(this.#ready.values().next().value ?? null);
  }

  #letGo(p: PoolProcess): void {
    if (p.exchanges === 0 && p.link.open === 0 && this.#leaving.has(p)) p.leave();
  }
}
