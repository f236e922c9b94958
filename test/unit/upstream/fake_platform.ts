import { addressText } from "../../../src/base/address.ts";
import type { ProxyError } from "../../../src/base/error.ts";
import { ProxyError as Fault } from "../../../src/base/error.ts";
import type {
  Address,
  Closer,
  Conn,
  ConnHandler,
  ConnInfo,
  DialHandler,
  DialOptions,
  Listener,
  Platform,
  SrvRecord,
  TcpAddress,
  Timer,
} from "../../../src/platform/types.ts";
import type { EventLog, Facts, Level } from "../../../src/telemetry/event_log.ts";

/** A dial that the test answers: `open`, `fail`, or nothing at all. */
export class FakeDial {
  readonly label: string;
  readonly at: number;
  readonly options: DialOptions;
  readonly #handler: DialHandler;
  cancelled = false;
  conn: FakeConn | null = null;

  constructor(to: Address, at: number, options: DialOptions, handler: DialHandler) {
    this.label = addressText(to);
    this.at = at;
    this.options = options;
    this.#handler = handler;
  }

  open(): FakeConn {
    this.conn = new FakeConn(this.#handler);
    if (!this.cancelled) this.#handler.onOpen(this.conn);
    return this.conn;
  }

  /** An end without a reason. */
  close(): void {
    this.#handler.onClose(null);
  }

  fail(code: "connectRefused" | "connectFailed" | "noDescriptors", message: string): void {
    if (this.cancelled) return;
    const text = `check the upstream: connecting to ${this.label} failed with ${message}`;
    this.#handler.onClose(new Fault(text, { code, side: "upstream", scope: "connection", retry: "always", status: 503 }));
  }
}

export class FakeConn implements Conn {
  readonly info = { id: 0 } as ConnInfo;
  readonly tls = null;
  readonly queued = 0;
  handler: ConnHandler;
  destroyed = false;

  constructor(handler: ConnHandler) {
    this.handler = handler;
  }

  setHandler(h: ConnHandler): void {
    this.handler = h;
  }

  write(): boolean {
    return true;
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  reset(): void {}
  secure(): void {}
  detach(): null {
    return null;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

type DnsRecords = readonly { address: string; ttl: number }[];
interface PlannedTimer {
  at: number;
  f: () => void;
}

/** Platform with a manual clock, dials that the test answers, and DNS as the test writes it. */
export class FakePlatform implements Platform {
  readonly name = "memory";
  readonly os = null;
  readonly linux = null;
  readonly processes = null;
  readonly files = null;
  readonly offerPackages = null;
  readonly memory = { resident: () => 0, collect: () => {} };
  readonly tls = null;
  readonly dials: FakeDial[] = [];
  /** Questions asked, `6 name @ms`. */
  readonly asked: string[] = [];
  /** Called for each question. */
  dns: (name: string, family: 4 | 6) => DnsRecords | Error | Promise<DnsRecords> = () => dnsError("ENOTFOUND");
  /** Called for each question of SRV, which `asked` has as `srv name @ms`. */
  srv: (name: string) => readonly SrvRecord[] | Error | Promise<readonly SrvRecord[]> = () => dnsError("ENOTFOUND");
  /** Servers of each question. */
  readonly servers: (readonly TcpAddress[] | undefined)[] = [];
  #now = 0;
  #timers: PlannedTimer[] = [];

  now(): number {
    return this.#now;
  }

  readonly afterTurn = null;
  wallNow(): number {
    return 1_700_000_000_000 + this.#now;
  }

  get timers(): number {
    return this.#timers.length;
  }

  setTimer(ms: number, f: () => void): Timer {
    const timer = { at: this.#now + ms, f };
    this.#timers.push(timer);
    return { cancel: () => this.#drop(timer) };
  }

  #drop(timer: PlannedTimer): void {
    this.#timers = this.#timers.filter((t) => t !== timer);
  }

  /** Runs what is due within the next `ms`, in order, with everything that promises bring in between. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#timers.reduce<PlannedTimer | null>((best, t) => (best === null || t.at < best.at ? t : best), null);
      if (next === null || next.at > until) break;
      this.#now = next.at;
      this.#drop(next);
      next.f();
      await settle();
    }
    this.#now = until;
  }

  adopt(): never {
    throw new Error("no test adopts a connection here");
  }

  dial(to: Address, o: DialOptions, h: DialHandler): { cancel(): void } {
    const dial = new FakeDial(to, this.#now, o, h);
    this.dials.push(dial);
    return {
      cancel: () => {
        dial.cancelled = true;
      },
    };
  }

  resolveSrv(name: string, servers?: readonly TcpAddress[]): Promise<readonly SrvRecord[]> {
    this.asked.push(`srv ${name} @${Math.round(this.#now)}`);
    this.servers.push(servers);
    const answer = this.srv(name);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }

  resolve(name: string, family: 4 | 6, servers?: readonly TcpAddress[]): Promise<DnsRecords> {
    this.asked.push(`${family} ${name} @${Math.round(this.#now)}`);
    this.servers.push(servers);
    const answer = this.dns(name, family);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }

  udp(): never {
    throw new Error("datagrams have no place in these tests");
  }

  connectUdp(): never {
    throw new Error("datagrams have no place in these tests");
  }

  listen(): Promise<Listener> {
    throw new Error("listening has no place in these tests");
  }

  watch(): Closer {
    throw new Error("watching has no place in these tests");
  }
}

export function dnsError(code: string): Error {
  return Object.assign(new Error(`query ${code}`), { code });
}

/** Lets all promises that can go on do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

export class RecordingLog implements EventLog {
  readonly lines: { level: Level; event: string; facts: Facts }[] = [];

  log(level: Level, event: string, facts: Facts = {}): void {
    this.lines.push({ level, event, facts });
  }
}

/** A dial handler that writes down what it hears. */
export class RecordingHandler implements DialHandler {
  readonly heard: string[] = [];
  conn: Conn | null = null;
  error: ProxyError | null = null;

  onOpen(c: Conn): void {
    this.heard.push("open");
    this.conn = c;
  }
  onData(b: Uint8Array): void {
    this.heard.push(`data ${b.length}`);
  }
  onDrain(): void {
    this.heard.push("drain");
  }
  onEnd(): void {
    this.heard.push("end");
  }
  onClose(cause: ProxyError | null): void {
    this.heard.push("close");
    this.error = cause;
  }
}
