import type { TimerWheel } from "../../base/timer_wheel.ts";
import type { PluginSpec } from "../../config/plugin_model.ts";
import type { Timer } from "../../platform/types.ts";
import type { PluginMetrics } from "../../telemetry/plugin_metrics.ts";
import type { Message } from "../link/message_reader.ts";
import { AskedCall, METHOD_NOT_FOUND } from "../link/plugin_link.ts";
import type { InitializeResult } from "../protocol/initialize.ts";
import { CallQueue } from "./call_queue.ts";
import { type CallOwner, type PluginCall, Seat } from "./plugin_call.ts";
import type { PluginEnv } from "./plugin_env.ts";
import { PluginProcess, type PluginProcessOwner } from "./plugin_process.ts";
import { RestartWait } from "./restart_wait.ts";

/** What a plugin asks of Weir (docs/plugin-protocol.md, host calls). */
export interface HostCalls {
  /** False: no such notification. */
  notice(method: string, params: Message): boolean;
  /** False: no such request. `p` is answered. */
  request(p: PluginProcess, id: number | string, method: string, params: Message, bytes: Uint8Array | null): boolean;
}

/** What streams of one exchange hear of. */
export interface StreamSink {
  onStream(method: string, params: Message, bytes: Uint8Array | null): void;
  /** Its process is gone. */
  onGone(why: string): void;
}

/** How often memory is looked at. */
const WATCH_MS = 1_000;

interface Slot {
  process: PluginProcess | null;
  /** Waits for the next try. */
  timer: Timer | null;
}

/**
 * The processes of one plugin: gives calls to those that have the fewest open, starts others in the place of those that end, and stops
 * trying for a while when that is hopeless.
 */
export class PluginPool implements PluginProcessOwner, CallOwner {
  readonly spec: PluginSpec;
  readonly metrics: PluginMetrics;
  readonly #env: PluginEnv;
  readonly #calls: HostCalls;
  readonly #slots: Slot[];
  readonly #queue: CallQueue;
  readonly #wait: RestartWait;
  /** Settings of uses, by number. */
  readonly #configs = new Map<number, string>();
  /** Processes that take calls. */
  readonly #ready = new Set<PluginProcess>();
  /** Those that were replaced or are to go, with exchanges left. */
  readonly #leaving = new Map<PluginProcess, Timer>();
  readonly #streams = new Map<number, { readonly seat: Seat; readonly sink: StreamSink }>();
  #nextConfig = 1;
  #nextSeat = 1;
  #closed = false;
  #watch: Timer | null = null;
  #tick: Timer | null = null;
  #onStart: ((why: string | null) => void) | null = null;
  #info: InitializeResult | null = null;

  constructor(spec: PluginSpec, env: PluginEnv, metrics: PluginMetrics, calls: HostCalls) {
    this.spec = spec;
    this.#env = env;
    this.metrics = metrics;
    this.#calls = calls;
    this.#queue = new CallQueue(spec.queue);
    this.#wait = new RestartWait(spec.restart, () => env.random());
    this.#slots = Array.from({ length: spec.processes }, () => ({ process: null, timer: null }));
  }

  /** What the plugin says of itself. Only after a good start. */
  get info(): InitializeResult {
    return this.#info!;
  }

  /** Processes as they are, for the status. */
  get pids(): readonly number[] {
    return [...this.#ready].map((p) => p.pid);
  }

  /** Starts its processes. Resolves when the first one takes calls, to null, or with the reason, for people, when that one won't. */
  start(): Promise<string | null> {
    return new Promise((resolve) => {
      this.#onStart = resolve;
      this.#startIn(this.#slots[0]!, 0);
    });
  }

  /** Tells all processes the settings of a use. Resolves to their number, or to what is wrong with them. */
  async configure(value: unknown): Promise<number | string> {
    const number = this.#nextConfig++;
    const json = JSON.stringify(value);
    const answers = await Promise.all([...this.#ready].map((p) => this.#configure(p, number, json)));
    const refused = answers.find((a) => a !== null);
    if (refused !== undefined && refused !== null) {
      this.unconfigure(number);
      return refused;
    }
    this.#configs.set(number, json);
    return number;
  }

  /** No call will name these settings any more. */
  unconfigure(number: number): void {
    this.#configs.delete(number);
    for (const p of this.#ready) p.link.notify("unconfigure", `{"config":${number}}`);
  }

  /** A place for an exchange. */
  seat(): Seat {
    return new Seat(this.#nextSeat++);
  }

  /** Gives the seat a process, where no call has done so. False: there is none. */
  attach(seat: Seat): boolean {
    if (seat.process !== null) return this.#isAlive(seat.process);
    let best: PluginProcess | null = null;
    for (const p of this.#ready) if (best === null || p.exchanges < best.exchanges) best = p;
    if (best === null) return false;
    seat.process = best;
    best.exchanges++;
    return true;
  }

  /** The exchange is over. `told`: the process is told so. */
  leaveSeat(seat: Seat, told: boolean): void {
    this.#streams.delete(seat.x);
    const p = seat.process;
    if (p === null) return;
    seat.process = null;
    p.exchanges--;
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
    if (this.#closed || (seat.process === null && this.#isHopeless())) {
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
    this.#watch?.cancel();
    this.#tick?.cancel();
    for (const slot of this.#slots) {
      slot.timer?.cancel();
      const p = slot.process;
      slot.process = null;
      if (p !== null) this.#retire(p);
    }
    this.#failWaiting("the plugin is stopped");
  }

  /** Ends all processes now. */
  kill(): void {
    this.close();
    for (const p of [...this.#leaving.keys()]) p.kill("weir stops");
  }

  /** Sends a notification to the process with the fewest exchanges. False: there is none, or it has not read `mostBytes` before. */
  tell(method: string, params: string, mostBytes: number): boolean {
    let best: PluginProcess | null = null;
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

  // ---- PluginProcessOwner ----

  onInitialized(p: PluginProcess): void {
    void this.#admit(p);
  }

  onGone(p: PluginProcess, why: string): void {
    const wasReady = this.#unready(p);
    this.#leaving.get(p)?.cancel();
    const left = this.#leaving.delete(p);
    for (const { seat, sink } of [...this.#streams.values()]) if (seat.process === p) sink.onGone(why);
    for (const c of this.#queue.take((q) => q.seat.process === p)) {
      this.metrics.queued.add(-1);
      this.#env.wheel.remove(c);
      c.onFailed({ outcome: "gone", message: why });
    }
    const slot = this.#slots.find((s) => s.process === p);
    if (slot === undefined) {
      if (!left && !this.#closed) this.#env.log.log("warning", "a process of a plugin ended", this.#facts(p, why));
      return;
    }
    slot.process = null;
    if (this.#onStart !== null) {
      const tell = this.#onStart;
      this.#onStart = null;
      this.#closed = true;
      tell(why);
      return;
    }
    this.#restart(slot, p, why, wasReady);
  }

  onNotice(p: PluginProcess, method: string, params: Message, bytes: Uint8Array | null): boolean {
    const { x } = params as { readonly x?: unknown };
    if (typeof x === "number") {
      const stream = this.#streams.get(x);
      if (stream?.seat.process !== p) return false;
      stream.sink.onStream(method, params, bytes);
      return true;
    }
    this.#calls.notice(method, params);
    return false;
  }

  onRequest(p: PluginProcess, id: number | string, method: string, params: Message, bytes: Uint8Array | null): void {
    if (!this.#calls.request(p, id, method, params, bytes)) p.link.refuse(id, METHOD_NOT_FOUND, `there is no method "${method}"`);
  }

  // ---- calls ----

  #roomFor({ seat }: PluginCall): PluginProcess | null {
    const own = seat.process;
    if (own !== null) return this.#isAlive(own) && own.link.open < this.spec.concurrency ? own : null;
    let best: PluginProcess | null = null;
    for (const p of this.#ready) if (best === null || p.link.open < best.link.open) best = p;
    return best !== null && best.link.open < this.spec.concurrency ? best : null;
  }

  #isAlive(p: PluginProcess): boolean {
    return this.#ready.has(p) || this.#leaving.has(p);
  }

  #send(c: PluginCall, p: PluginProcess): void {
    if (c.seat.process === null) {
      c.seat.process = p;
      p.exchanges++;
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

  // ---- processes ----

  #startIn(slot: Slot, index: number): void {
    slot.timer = null;
    const p = new PluginProcess(this.#env, this.spec, index, this);
    slot.process = p;
    p.start();
  }

  /** It is told all settings before it takes calls. */
  async #admit(p: PluginProcess): Promise<void> {
    const answers = await Promise.all([...this.#configs].map(([number, json]) => this.#configure(p, number, json)));
    const refused = answers.find((a) => a !== null);
    const { flusher } = this.#env;
    flusher.enter();
    if (refused !== undefined && refused !== null) p.kill(`it refuses settings that another process has taken: ${refused}`);
    else if (p.ready && this.#slots.some((s) => s.process === p)) this.#open(p);
    flusher.leave();
  }

  #open(p: PluginProcess): void {
    this.#info ??= p.info;
    this.#ready.add(p);
    this.metrics.ready.add(1);
    const tell = this.#onStart;
    if (tell !== null) {
      this.#onStart = null;
      for (const [i, slot] of this.#slots.entries()) if (slot.process === null) this.#startIn(slot, i);
      this.#watchSoon();
      this.#tickSoon();
      tell(null);
    }
    this.#drain();
  }

  /** null: it has taken them. */
  async #configure(p: PluginProcess, number: number, json: string): Promise<string | null> {
    const call = new AskedCall(p.link);
    p.link.request(call, "configure", `{"config":${number},"value":${json}}`, this.now() + this.spec.startMs);
    const a = await call.answer;
    return "result" in a ? null : a.message;
  }

  #restart(slot: Slot, p: PluginProcess, why: string, wasReady: boolean): void {
    if (this.#closed) return;
    const now = this.now();
    const waitMs = this.#wait.ended(now);
    this.metrics.restarts.add(1);
    const event = wasReady ? "a process of a plugin ended and is started again" : "a process of a plugin does not start";
    this.#env.log.log("warning", event, { ...this.#facts(p, why), waitMs: Math.round(waitMs) });
    if (this.#isHopeless()) this.#failWaiting(why);
    slot.timer = this.#env.platform.setTimer(waitMs, () => this.#startIn(slot, p.index));
  }

  /** None takes calls, and it is not likely that one will soon. */
  #isHopeless(): boolean {
    return this.#ready.size === 0 && this.#wait.isOpen(this.now());
  }

  /** False: it took no calls. The gauge is that of all versions of the plugin: one that begins or ends must not wipe out the other's. */
  #unready(p: PluginProcess): boolean {
    const was = this.#ready.delete(p);
    if (was) this.metrics.ready.add(-1);
    return was;
  }

  /** It gets no new exchanges, and goes when it has none. */
  #retire(p: PluginProcess): void {
    this.#unready(p);
    const late = this.#env.platform.setTimer(this.spec.drainMs, () => p.leave(), true);
    this.#leaving.set(p, late);
    this.#letGo(p);
  }

  #letGo(p: PluginProcess): void {
    if (p.exchanges === 0 && p.link.open === 0 && this.#leaving.has(p)) p.leave();
  }

  /** Tells the first process the time, for each of its settings. */
  #tickSoon(): void {
    const everyMs = this.#info?.phases.tick?.everyMs;
    if (everyMs === undefined) return;
    this.#tick = this.#env.platform.setTimer(everyMs, () => {
      const first = this.#slots[0]!.process;
      const time = Math.round(this.#env.platform.wallNow());
      if (first?.ready === true)
        for (const config of [0, ...this.#configs.keys()]) first.link.notify("tick", `{"config":${config},"time":${time}}`);
      this.#tickSoon();
    });
  }

  #watchSoon(): void {
    const { memory } = this.spec;
    this.#watch = this.#env.platform.setTimer(WATCH_MS, () => {
      for (const p of [...this.#ready]) {
        this.metrics.linesDropped.add(p.takeDroppedLines());
        const rss = memory.softBytes === null && memory.hardBytes === null ? null : this.#env.processes.residentOf(p.pid);
        if (rss === null || rss === undefined) continue;
        if (memory.hardBytes !== null && rss > memory.hardBytes) p.kill(`it is over its hard memory limit: ${rss} bytes`);
        else if (memory.softBytes !== null && rss > memory.softBytes) this.#replace(p, rss);
      }
      this.#watchSoon();
    });
  }

  /** A successor is started, and then it goes. */
  #replace(p: PluginProcess, rss: number): void {
    const slot = this.#slots.find((s) => s.process === p);
    if (slot === undefined) return;
    this.#env.log.log("warning", "a process of a plugin is over its soft memory limit and is replaced", {
      ...this.#facts(p, `${rss} bytes`),
    });
    this.metrics.restarts.add(1);
    this.#startIn(slot, p.index);
    this.#retire(p);
  }

  #facts(p: PluginProcess, why: string): { plugin: string; process: number; pid: number; reason: string } {
    return { plugin: this.spec.name, process: p.index, pid: p.pid, reason: why };
  }
}
