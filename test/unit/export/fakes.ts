import type { LogFile } from "../../../src/export/log_file.ts";
import type { Timer } from "../../../src/platform/types.ts";
import type { AccessRecord } from "../../../src/telemetry/access_record.ts";
import type { EventLog, Facts, Level } from "../../../src/telemetry/event_log.ts";

/** A clock that moves when it is told to. */
export class FakeClock {
  #now = 0;
  readonly #timers: { at: number; f: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, f: () => void): Timer {
    const timer = { at: this.#now + ms, f };
    this.#timers.push(timer);
    return { cancel: () => this.#remove(timer) };
  }

  get pending(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#remove(next);
      this.#now = next.at;
      next.f();
    }
    this.#now = end;
  }

  #remove(timer: { at: number; f: () => void }): void {
    const i = this.#timers.indexOf(timer);
    if (i >= 0) this.#timers.splice(i, 1);
  }
}

/** Real timers in the platform's form. */
export const REAL_CLOCK = {
  now: (): number => performance.now(),
  setTimer(ms: number, f: () => void): Timer {
    const t = setTimeout(f, ms);
    return { cancel: () => clearTimeout(t) };
  },
};

export interface Told {
  readonly level: Level;
  readonly event: string;
  readonly facts: Facts;
}

export class RecordingLog implements EventLog {
  readonly told: Told[] = [];

  log(level: Level, event: string, facts: Facts = {}): void {
    this.told.push({ level, event, facts });
  }
}

export function failure(code: string): Error {
  return Object.assign(new Error(`${code}: no luck`), { code });
}

/** A destination whose every answer the test gives. */
export class FakeFile implements LogFile {
  readonly name = "fake.log";
  /** What each generation of the file holds. */
  readonly texts: string[] = [""];
  openFailure: Error | null = null;
  closed = false;
  #write: ((failure: Error | null, written: number) => void) | null = null;
  #bytes: Uint8Array = new Uint8Array(0);
  #open: ((failure: Error | null) => void) | null = null;

  openNow(): Error | null {
    return this.openFailure;
  }

  reopen(done: (failure: Error | null) => void): void {
    if (this.busy) throw new Error("two calls at once");
    this.#open = done;
  }

  write(b: Uint8Array, from: number, to: number, done: (failure: Error | null, written: number) => void): void {
    if (this.busy) throw new Error("two calls at once");
    this.#bytes = b.slice(from, to);
    this.#write = done;
  }

  close(done: () => void): void {
    this.closed = true;
    done();
  }

  get busy(): boolean {
    return this.#write !== null || this.#open !== null;
  }

  get writing(): number {
    return this.#write === null ? -1 : this.#bytes.length;
  }

  get opening(): boolean {
    return this.#open !== null;
  }

  /** Ends the write under way after `n` bytes, all by default. */
  accept(n: number = this.#bytes.length): void {
    const done = this.#write!;
    this.#write = null;
    this.texts[this.texts.length - 1] += new TextDecoder().decode(this.#bytes.subarray(0, n));
    done(null, n);
  }

  refuse(error: Error): void {
    const done = this.#write!;
    this.#write = null;
    done(error, 0);
  }

  acceptOpen(): void {
    const done = this.#open!;
    this.#open = null;
    this.texts.push("");
    done(null);
  }

  refuseOpen(error: Error): void {
    const done = this.#open!;
    this.#open = null;
    done(error);
  }
}

/** A record with telling values; `over` replaces some. */
export function record(over: Partial<AccessRecord> = {}, request: Record<string, string> = {}): AccessRecord {
  return {
    startWall: Date.UTC(2026, 0, 31, 23, 59, 59, 7),
    listener: "web",
    remoteAddress: "192.0.2.1",
    remotePort: 51234,
    clientAddress: "198.51.100.7",
    localAddress: "127.0.0.1:8080",
    connectionId: 17,
    protocol: "HTTP/1.1",
    scheme: "http",
    method: "GET",
    authority: "shop.example.com",
    path: "/cart?item=1",
    status: 200,
    requestBodyBytes: 11,
    responseBodyBytes: 130,
    requestHeadBytes: 96,
    responseHeadBytes: 180,
    duration: 12.3456,
    requestDuration: 0.25,
    upstreamHeadDuration: 10,
    connectDuration: -1,
    route: "checkout",
    cluster: "checkout-v1",
    endpoint: "10.0.0.11:8080",
    attempts: 2,
    flags: "UF",
    requestId: "id-1",
    grpcStatus: 14,
    serverName: "shop.example.com",
    failedPlugin: "auth",
    requestField: (name) => request[name] ?? "",
    responseField: (name) => (name === "server" ? "origin" : ""),
    metadataText: () => "",
    ...over,
  };
}
