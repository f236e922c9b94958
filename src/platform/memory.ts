import { addressText } from "../base/address.ts";
import { localFault, type ProxyError } from "../base/error.ts";
import { MemoryConn, type MemoryNet } from "./memory_conn.ts";
import { MemoryHandshake, memoryTls } from "./memory_tls.ts";
import { MemoryUdp } from "./memory_udp.ts";
import { dialFault, listenFault, type PlatformOptions } from "./system_fault.ts";
import type {
  Address,
  Closer,
  Conn,
  ConnHandler,
  DialHandler,
  DialOptions,
  FileTree,
  HeldListener,
  HeldUdp,
  LinuxCalls,
  Listener,
  ListenOptions,
  OsCalls,
  Platform,
  PlatformTls,
  Processes,
  SrvRecord,
  TcpAddress,
  Timer,
  UdpHandler,
  UdpOptions,
  UdpPort,
} from "./types.ts";

export interface MemoryOptions extends PlatformOptions {
  /** Bytes that a connection holds between a write and the reading, each way. */
  readonly window?: number;
  /** The most bytes of one `onData`. */
  readonly chunk?: number;
}

/** A network, a clock and a name service in memory. Nothing happens by itself but in microtasks; time stands until `advance`. */
export interface MemoryPlatform extends Platform {
  /** Moves the clock, fires what falls due in its order, and lets each settle before the next. */
  advance(ms: number): Promise<void>;
  /** Resolves when nothing is left to deliver. */
  settled(): Promise<void>;
  /** What `resolve` knows; a name that is missing is ENOTFOUND. */
  readonly names: Map<string, readonly { address: string; ttl: number }[]>;
  /** What `resolveSrv` knows, likewise. */
  readonly services: Map<string, readonly SrvRecord[]>;
  /** What the process has by `memory.resident`. */
  residentBytes: number;
  /** What a test gives; null at first. */
  files: FileTree | null;
  /** Tells the watchers of a directory. */
  touch(dir: string): void;
  /** Addresses such as `127.0.0.1:9000` whose dials get no answer. */
  readonly silent: Set<string>;
}

/** A test's platform: the same calls give the same events in the same order. */
export function createMemoryPlatform(o: MemoryOptions = {}): MemoryPlatform {
  return new Memory(o);
}

const WINDOW = 64 * 1024;
const CHUNK = 16 * 1024;
const FIRST_PORT = 32768;
/** The wall clock's start: any fixed date does. */
const EPOCH = Date.UTC(2030, 0, 1);

interface Due {
  readonly at: number;
  readonly f: () => void;
}
interface Open {
  readonly address: Address;
  readonly accept: (c: Conn) => ConnHandler;
}

class Memory implements MemoryPlatform, MemoryNet {
  readonly name = "memory";
  readonly os: OsCalls | null = null;
  readonly linux: LinuxCalls | null = null;
  readonly processes: Processes | null = null;
  files: FileTree | null = null;
  readonly offerPackages = null;
  readonly memory = { resident: () => this.residentBytes, collect: () => {} };
  residentBytes = 0;
  readonly tls: PlatformTls = memoryTls;
  readonly window: number;
  readonly chunk: number;
  readonly onFault: (e: unknown) => void;
  readonly names = new Map<string, readonly { address: string; ttl: number }[]>();
  readonly services = new Map<string, readonly SrvRecord[]>();
  readonly silent = new Set<string>();
  readonly #listeners = new Map<string, Open>();
  readonly #watchers = new Map<string, Set<() => void>>();
  #timers: Due[] = [];
  #clock = 0;
  #nextPort = FIRST_PORT;
  #nextId = 1;
  #posted: (() => void)[] = [];
  readonly #udp = new MemoryUdp(this);

  constructor(o: MemoryOptions) {
    this.window = o.window ?? WINDOW;
    this.chunk = o.chunk ?? CHUNK;
    this.onFault = o.onFault ?? ignore;
  }

  now(): number {
    return this.#clock;
  }
  readonly afterTurn = null;
  wallNow(): number {
    return EPOCH + this.#clock;
  }

  setTimer(ms: number, f: () => void): Timer {
    const due: Due = { at: this.#clock + Math.max(0, ms), f };
    // After all that fall due at the same time: first set, first fired.
    const at = this.#timers.findIndex((t) => t.at > due.at);
    this.#timers.splice(at < 0 ? this.#timers.length : at, 0, due);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((t) => t !== due);
      },
    };
  }

  async advance(ms: number): Promise<void> {
    const until = this.#clock + ms;
    await this.settled();
    while (this.#timers.length > 0 && this.#timers[0]!.at <= until) {
      const due = this.#timers.shift()!;
      this.#clock = Math.max(this.#clock, due.at);
      due.f();
      await this.settled();
    }
    this.#clock = until;
  }

  async settled(): Promise<void> {
    // One turn more than there is to deliver, for what the callers' own promises start.
    do await Promise.resolve();
    while (this.#posted.length > 0);
    for (let i = 0; i < 8; i++) await Promise.resolve();
    if (this.#posted.length > 0) await this.settled();
  }

  post(f: () => void): void {
    if (this.#posted.push(f) === 1) queueMicrotask(() => this.#deliver());
  }

  async listen(at: Address | HeldListener, _o: ListenOptions, accept: (c: Conn) => ConnHandler): Promise<Listener> {
    if ("fd" in at) throw noDescriptors();
    const address: Address = at.kind === "tcp" && at.port === 0 ? { ...at, port: this.#nextPort++ } : at;
    const key = addressText(address);
    const everywhere = address.kind === "tcp" ? addressText({ ...address, host: "" }) : key;
    if (this.#listeners.has(key) || this.#listeners.has(everywhere)) throw listenFault(at, { code: "EADDRINUSE" });
    const open: Open = { address, accept };
    this.#listeners.set(key, open);
    return {
      address,
      descriptor: null,
      keepPath: ignore,
      close: async () => {
        if (this.#listeners.get(key) === open) this.#listeners.delete(key);
      },
    };
  }

  adopt(): Conn {
    throw noDescriptors();
  }

  dial(to: Address, o: DialOptions, h: DialHandler): { cancel(): void } {
    let cancelled = false;
    let near: MemoryConn | null = null;
    this.post(() => {
      if (cancelled || this.silent.has(addressText(to))) return;
      const open = this.#listeners.get(addressText(to)) ?? this.#everywhere(to);
      if (open === undefined) h.onClose(dialFault(to, { code: "ECONNREFUSED" }));
      else near = this.#connect(to, o, h, open);
    });
    return {
      cancel: () => {
        cancelled = true;
        near?.cancel();
      },
    };
  }

  async udp(at: TcpAddress | HeldUdp, _o: UdpOptions, h: UdpHandler): Promise<UdpPort> {
    if ("fd" in at) throw noDescriptors();
    return this.#udp.bind(at, h);
  }

  connectUdp(to: TcpAddress, source: string | null, h: UdpHandler): UdpPort {
    return this.#udp.connect(to, source, h);
  }

  nextPort(): number {
    return this.#nextPort++;
  }

  async resolve(name: string, family: 4 | 6): Promise<readonly { address: string; ttl: number }[]> {
    const all = this.names.get(name);
    if (all === undefined) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND" });
    return all.filter((a) => a.address.includes(":") === (family === 6));
  }

  async resolveSrv(name: string): Promise<readonly SrvRecord[]> {
    const all = this.services.get(name);
    if (all === undefined) throw Object.assign(new Error(`querySrv ENOTFOUND ${name}`), { code: "ENOTFOUND" });
    return all;
  }

  watch(dir: string, f: () => void): Closer {
    const all = this.#watchers.get(dir) ?? new Set();
    this.#watchers.set(dir, all.add(f));
    return { close: () => all.delete(f) };
  }

  touch(dir: string): void {
    for (const f of this.#watchers.get(dir) ?? []) this.post(f);
  }

  #everywhere(to: Address): Open | undefined {
    return to.kind === "tcp" ? this.#listeners.get(addressText({ ...to, host: "" })) : undefined;
  }

  #connect(to: Address, o: DialOptions, h: DialHandler, open: Open): MemoryConn {
    const from = to.kind === "tcp" ? this.#source(to, o) : ({ kind: "unix", path: "" } as const);
    const near = new MemoryConn(this, { id: this.#nextId++, local: from, remote: to }, h, false);
    const far = new MemoryConn(this, { id: this.#nextId++, local: to, remote: from }, NOBODY, true);
    near.peer = far;
    far.peer = near;
    // Before whatever `accept` does to the connection.
    const { tls, first } = o;
    this.post(() =>
      near.start(tls ? new MemoryHandshake({ client: tls.context.options, serverName: tls.serverName }) : null, first),
    );
    try {
      far.handler = open.accept(far);
    } catch (e) {
      far.fault(e);
    }
    return near;
  }

  #source(to: TcpAddress, o: DialOptions): TcpAddress {
    return { kind: "tcp", host: o.source ?? (to.host.includes(":") ? "::1" : "127.0.0.1"), port: this.#nextPort++ };
  }

  #deliver(): void {
    const due = this.#posted;
    this.#posted = [];
    for (const f of due) f();
  }
}

function noDescriptors(): ProxyError {
  return localFault("internal", 500, "use another platform: there are no descriptors in memory");
}

const NOBODY: ConnHandler = { onData: ignore, onDrain: ignore, onEnd: ignore, onClose: ignore };
function ignore(): void {}
