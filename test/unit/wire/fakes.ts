import type { ProxyError } from "../../../src/base/error.ts";
import { TimerWheel } from "../../../src/base/timer_wheel.ts";
import type { ByteFace } from "../../../src/http/codec.ts";
import type { Conn, ConnHandler, ConnInfo } from "../../../src/platform/types.ts";
import { Counter } from "../../../src/telemetry/numbers.ts";
import { Flusher } from "../../../src/wire/flusher.ts";
import { Link, type LinkEnv } from "../../../src/wire/link.ts";

/** A clock that stands until it is moved. */
export class Time {
  now = 0;
  #due: { at: number; f: () => void }[] = [];
  readonly env: LinkEnv;

  constructor() {
    const read = (): number => this.now;
    this.env = { flusher: new Flusher(read), wheel: new TimerWheel(read, (ms, f) => this.#timer(ms, f)) };
  }

  advance(ms: number): void {
    const to = this.now + ms;
    for (;;) {
      const next = this.#due.filter((t) => t.at <= to).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((t) => t !== next);
      this.now = Math.max(this.now, next.at);
      next.f();
    }
    this.now = to;
  }

  #timer(ms: number, f: () => void): { cancel(): void } {
    const t = { at: this.now + ms, f };
    this.#due.push(t);
    return {
      cancel: () => {
        this.#due = this.#due.filter((d) => d !== t);
      },
    };
  }
}

/** A connection whose kernel takes `room` bytes and no more until the test makes room. */
export class FakeConn implements Conn {
  readonly info = { id: 1 } as ConnInfo;
  readonly tls = null;
  room = Number.POSITIVE_INFINITY;
  queued = 0;
  sent = "";
  /** What was asked of it, in order. */
  readonly calls: string[] = [];
  handler: ConnHandler | null = null;

  setHandler(h: ConnHandler): void {
    this.handler = h;
  }

  write(parts: readonly Uint8Array[]): boolean {
    for (const p of parts) {
      this.sent += Buffer.from(p).toString("latin1");
      this.queued += p.length;
    }
    this.calls.push("write");
    return this.#take();
  }

  /** The peer takes `bytes`; true when nothing waits any more. */
  drain(bytes: number): boolean {
    this.room += bytes;
    return this.#take();
  }

  #take(): boolean {
    const n = Math.min(this.room, this.queued);
    this.room -= n;
    this.queued -= n;
    return this.queued === 0;
  }

  detach(): null {
    return null;
  }
  secure(): void {
    this.calls.push("secure");
  }
  pause(): void {
    this.calls.push("pause");
  }
  resume(): void {
    this.calls.push("resume");
  }
  end(): void {
    this.calls.push("end");
  }
  reset(): void {
    this.calls.push("reset");
  }
  destroy(): void {
    this.calls.push("destroy");
  }
}

/** A codec that does what the test says. */
export class FakeFace implements ByteFace {
  deadline = Number.POSITIVE_INFINITY;
  wantsRead = true;
  wantsClose = false;
  failure: ProxyError | null = null;
  hasInput = false;
  /** Returned by the next call that may fault. */
  fault: ProxyError | null = null;
  received = "";
  readonly calls: string[] = [];
  readonly output: Uint8Array[] = [];
  onReceive: (() => void) | null = null;

  #faulted(): ProxyError | null {
    const e = this.fault;
    this.fault = null;
    return e;
  }

  receive(b: Uint8Array): ProxyError | null {
    this.received += Buffer.from(b).toString("latin1");
    this.calls.push(`receive ${b.length}`);
    this.hasInput = false;
    this.onReceive?.();
    return this.#faulted();
  }
  receiveEnd(): ProxyError | null {
    this.calls.push("receiveEnd");
    return this.#faulted();
  }
  tick(): ProxyError | null {
    this.calls.push("tick");
    this.deadline = Number.POSITIVE_INFINITY;
    return this.#faulted();
  }
  takeOutput(into: Uint8Array[]): void {
    into.push(...this.output.splice(0));
  }
  setFlushed(flushed: boolean): void {
    this.calls.push(`flushed ${flushed}`);
  }
  drain(): void {}
  lost(): void {}
  detach(): Uint8Array {
    return new Uint8Array(0);
  }
}

export class FakeLink extends Link {
  readonly face: FakeFace = new FakeFace();
  linger = true;
  readonly told: string[] = [];
  readonly bytes: { readonly received: Counter; readonly sent: Counter };

  constructor(time: Time, conn: FakeConn) {
    const received = new Counter(new Float64Array(1), 0);
    const sent = new Counter(new Float64Array(1), 0);
    super(time.env, conn, received, sent);
    this.bytes = { received, sent };
  }

  protected get lingers(): boolean {
    return this.linger;
  }
  protected onFault(e: ProxyError): void {
    this.told.push(`fault ${e.facts.code}`);
  }
  protected onSettled(): void {}
  protected onGone(cause: ProxyError | null): void {
    this.told.push(`gone ${cause === null ? "orderly" : cause.facts.code}`);
  }
}
