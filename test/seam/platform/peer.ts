import { Buffer } from "node:buffer";
import type { ProxyError } from "../../../src/base/error.ts";
import type {
  Address,
  Conn,
  ConnHandler,
  DialHandler,
  DialOptions,
  HeldListener,
  Listener,
  ListenOptions,
  Platform,
  TlsInfo,
  TlsServerContext,
} from "../../../src/platform/types.ts";

/** Above zero while a test is inside a call of a `Conn`, when no handler may run. */
let inside = 0;

/** One end of a connection as a test sees it: keeps what it was told, in order, and wakes who waits for it. */
export class Peer implements DialHandler {
  /** `open`, `secure`, `drain`, `end`, `close`, and `data` once for each run of chunks. */
  readonly events: string[] = [];
  readonly chunks: Uint8Array[] = [];
  bytes = 0;
  drains = 0;
  cause: ProxyError | null = null;
  /** A handler that ran inside of a call, or after the last. */
  broken = "";
  onBytes: (b: Uint8Array) => void = () => {};
  /** Secures the connection at its first bytes. */
  context: TlsServerContext | null = null;
  onInfo: (info: TlsInfo) => void = () => {};
  #conn: Conn | null = null;
  #waiters: { ready: () => boolean; resolve: () => void }[] = [];

  get conn(): Conn {
    if (this.#conn === null) throw new Error("open the connection first");
    return this.#conn;
  }
  set conn(c: Conn) {
    this.#conn = c;
  }
  get secured(): boolean {
    return this.events.includes("secure");
  }
  get ended(): boolean {
    return this.events.includes("end");
  }
  get closed(): boolean {
    return this.events.includes("close");
  }

  /** Resolves when `ready` holds, looked at after each event; the runner's time limit is the bound. */
  until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ ready, resolve });
    });
  }

  write(...parts: readonly (Uint8Array | string)[]): boolean {
    return this.call((c) => c.write(parts.map((p) => (typeof p === "string" ? Buffer.from(p) : p))));
  }

  /** All that goes to the connection goes through here, so that a call back from inside is seen. */
  call<T>(f: (c: Conn) => T): T {
    inside++;
    try {
      return f(this.conn);
    } finally {
      inside--;
    }
  }

  text(): string {
    return Buffer.concat(this.chunks).toString("latin1");
  }

  onOpen(c: Conn): void {
    this.#conn = c;
    this.#told("open");
  }
  onSecure(info: TlsInfo): void {
    this.onInfo(info);
    this.#told("secure");
  }
  onData(b: Uint8Array): void {
    const context = this.context;
    if (context !== null) {
      this.context = null;
      this.call((c) => c.secure(context, b));
      this.wake();
      return;
    }
    this.chunks.push(b);
    this.bytes += b.length;
    this.onBytes(b);
    this.#told("data");
  }
  onDrain(): void {
    this.drains++;
    this.#told("drain");
  }
  onEnd(): void {
    this.#told("end");
  }
  onClose(cause: ProxyError | null): void {
    this.cause = cause;
    this.#told("close");
  }

  #told(event: string): void {
    if (inside > 0) this.broken = `${event} ran inside of a call`;
    if (this.closed) this.broken = `${event} came after close`;
    if (event !== "data" || this.events.at(-1) !== "data") this.events.push(event);
    this.wake();
  }

  wake(): void {
    const waiting = this.#waiters;
    this.#waiters = [];
    for (const w of waiting) {
      if (w.ready()) w.resolve();
      else this.#waiters.push(w);
    }
  }
}

/** A handler that gives back what comes. */
export function echo(c: Conn): ConnHandler {
  return {
    onData: (b) => {
      if (!c.write([b])) c.pause();
    },
    onDrain: () => c.resume(),
    onEnd: () => c.end(),
    onClose: () => {},
  };
}

export const LOOPBACK: Address = { kind: "tcp", host: "127.0.0.1", port: 0 };

/** A listener whose accepted connections are taken in turn. */
export class Server {
  readonly listener: Listener;
  readonly #accepted: Peer[];
  readonly #waiting: ((p: Peer) => void)[];

  constructor(listener: Listener, accepted: Peer[], waiting: ((p: Peer) => void)[]) {
    this.listener = listener;
    this.#accepted = accepted;
    this.#waiting = waiting;
  }

  /** `contextOf`: what an accepted connection is secured with. */
  static async open(
    p: Platform,
    at: Address | HeldListener = LOOPBACK,
    o: ListenOptions = {},
    contextOf: () => TlsServerContext | null = () => null,
  ): Promise<Server> {
    const accepted: Peer[] = [];
    const waiting: ((p: Peer) => void)[] = [];
    const listener = await p.listen(at, o, (c) => {
      const peer = new Peer();
      peer.conn = c;
      peer.context = contextOf();
      const waiter = waiting.shift();
      if (waiter === undefined) accepted.push(peer);
      else waiter(peer);
      return peer;
    });
    return new Server(listener, accepted, waiting);
  }

  get address(): Address {
    return this.listener.address;
  }

  accept(): Promise<Peer> {
    const ready = this.#accepted.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}

/** The listener's address as a client on this host dials it. */
export function dialable(a: Address): Address {
  return a.kind === "tcp" && a.host === "" ? { ...a, host: "127.0.0.1" } : a;
}

/** Dials and waits for the opening. */
export async function dial(p: Platform, to: Address, o: DialOptions = {}): Promise<Peer> {
  const peer = new Peer();
  p.dial(to, o, peer);
  await peer.until(() => peer.events.length > 0);
  if (peer.closed) throw peer.cause ?? new Error("the dial was closed without a cause");
  return peer;
}

/** Both ends of one connection. */
export async function pair(p: Platform, server: Server): Promise<{ client: Peer; remote: Peer }> {
  const client = await dial(p, dialable(server.address));
  return { client, remote: await server.accept() };
}

/**
 * Some round trips on a connection of its own: by then the loop has had its turns, and what was on its way
 * on another connection of the same process could have been told.
 */
export async function barrier(p: Platform): Promise<void> {
  const listener = await p.listen(LOOPBACK, {}, echo);
  const peer = await dial(p, listener.address);
  for (let i = 1; i <= 8; i++) {
    peer.write("x");
    await peer.until(() => peer.bytes === i);
  }
  peer.call((c) => c.destroy(null));
  await peer.until(() => peer.closed);
  await listener.close();
}

/** `n` bytes that differ by their place, so that a lost, doubled or moved one shows. */
export function pattern(n: number): Uint8Array {
  const b = new Uint8Array(n);
  let x = 1;
  for (let i = 0; i < n; i++) {
    x = (Math.imul(x, 1103515245) + 12345) | 0;
    b[i] = x >>> 16;
  }
  return b;
}

/** Where the chunks first differ from `wanted`; -1: they are the same. */
export function firstDifference(chunks: readonly Uint8Array[], wanted: Uint8Array): number {
  let at = 0;
  for (const c of chunks) {
    if (Buffer.compare(c, wanted.subarray(at, at + c.length)) !== 0) {
      for (let i = 0; i < c.length; i++) if (c[i] !== wanted[at + i]) return at + i;
    }
    at += c.length;
  }
  return at === wanted.length ? -1 : Math.min(at, wanted.length);
}
