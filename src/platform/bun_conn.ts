import { concatBytes, NO_BYTES } from "../base/bytes.ts";
import type { ProxyError } from "../base/error.ts";
import type { BunNet } from "./bun_net.ts";
import type { BunClientContext, BunServerContext } from "./bun_tls.ts";
import { OutQueue } from "./out_queue.ts";
import { markReceived, releaseChunk } from "./received_chunk.ts";
import { dialFault, handlerFault, handshakeFault, resetFault } from "./system_fault.ts";
import { tcpAddress } from "./tcp_address.ts";
import type { Address, Conn, ConnHandler, ConnInfo, Detached, DialHandler, DialTls, TlsInfo, TlsServerContext } from "./types.ts";

/** The slice of Bun's socket that is used here; `close`, `pause` and `resume` are missing from its types. */
export interface BunSocket {
  data: BunConn;
  readonly fd: number;
  readonly authorized: boolean;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  write(b: Uint8Array, offset?: number, length?: number): number;
  shutdown(): void;
  close(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  setKeepAlive(on: boolean, ms: number): boolean;
}

const ACCEPTED = 1;
const PAUSED = 2;
/** `end` was called; the FIN leaves when the queue is empty. */
const ENDING = 4;
/** The peer's FIN has been told. */
const PEER_ENDED = 8;
/** No further call but those in `Aside`. */
const CLOSED = 16;
/** A write returned false, so `onDrain` is owed. */
const OWES_DRAIN = 32;
const CANCELLED = 64;
/** What is written waits, and a pause is kept for later. */
const HANDSHAKING = 128;

/** What waits to be told: received while paused, or due on a later turn. */
class Aside {
  readonly chunks: Uint8Array[] = [];
  fin = false;
  closed = false;
  cause: ProxyError | null = null;
}

/**
 * Parts that together fit here leave in one send: a copy of 16 KiB costs less than a second system call.
 * It is free again when `write` returns, for the kernel copies.
 */
const SCRATCH = new Uint8Array(16 * 1024);

/** The remote address is always asked for; the local one, which costs a system call as well, rarely. */
class SocketInfo implements ConnInfo {
  readonly id: number;
  readonly remote: Address;
  readonly #conn: BunConn;
  #local: Address | null = null;

  constructor(id: number, conn: BunConn) {
    this.id = id;
    this.remote = tcpAddress(conn.socket?.remoteAddress, conn.socket?.remotePort);
    this.#conn = conn;
  }

  get local(): Address {
    // TLS puts another socket in the place of the first.
    const socket = this.#conn.socket;
    this.#local ??= tcpAddress(socket?.localAddress, socket?.localPort);
    return this.#local;
  }
}

/** One connection on Bun's own sockets. Small, for most of them are idle: what is rare lives in `OutQueue` and `Aside`. */
export class BunConn implements Conn {
  socket: BunSocket | null = null;
  handler: ConnHandler;
  flags: number;
  /** Set when the dial opens; 0: off. */
  keepAliveMs = 0;
  readonly net: BunNet;
  tls: TlsInfo | null = null;
  #out: OutQueue | null = null;
  #aside: Aside | null = null;
  #info: ConnInfo | null = null;
  readonly #at: Address;

  /** `at`: the listener's address or the one dialed. */
  constructor(net: BunNet, handler: ConnHandler, accepted: boolean, at: Address) {
    this.net = net;
    this.handler = handler;
    this.flags = accepted ? ACCEPTED : 0;
    this.#at = at;
  }

  get info(): ConnInfo {
    this.#info ??= this.#readInfo();
    return this.#info;
  }

  set info(info: ConnInfo) {
    this.#info = info;
  }

  get queued(): number {
    return this.#out === null ? 0 : this.#out.bytes;
  }

  setHandler(h: ConnHandler): void {
    this.handler = h;
  }

  write(parts: readonly Uint8Array[], flushed?: () => void): boolean {
    if ((this.flags & (CLOSED | ENDING)) !== 0) return true;
    if (this.#out !== null) return this.#queue(this.#out, parts, flushed);
    const socket = this.socket!;
    if (parts.length === 1) {
      const part = parts[0]!;
      const n = socket.write(part);
      if (n < part.length) return this.#blocked(part, n, flushed);
      releaseChunk(part);
    } else {
      let total = 0;
      for (let i = 0; i < parts.length; i++) total += parts[i]!.length;
      if (total > SCRATCH.length) return this.#writeMany(parts, flushed);
      let at = 0;
      for (let i = 0; i < parts.length; i++) {
        const part = parts[i]!;
        SCRATCH.set(part, at);
        at += part.length;
      }
      const n = total === 0 ? 0 : socket.write(SCRATCH, 0, total);
      if (n < 0) return true;
      if (n < total) return this.#blocked(SCRATCH.slice(n, total), 0, flushed);
    }
    return flushed === undefined ? true : this.#flushed(flushed);
  }

  pause(): void {
    if ((this.flags & (PAUSED | CLOSED)) !== 0) return;
    this.flags |= PAUSED;
    if ((this.flags & HANDSHAKING) === 0) this.socket!.pause();
  }

  resume(): void {
    if ((this.flags & PAUSED) === 0) return;
    this.flags &= ~PAUSED;
    if (this.#aside !== null) this.net.later(this);
    if ((this.flags & (CLOSED | HANDSHAKING)) === 0) this.socket!.resume();
  }

  end(): void {
    if ((this.flags & (CLOSED | ENDING)) !== 0) return;
    this.flags |= ENDING;
    if (this.#out === null) this.socket!.shutdown();
  }

  reset(): void {
    if (this.#gone(null)) this.socket!.terminate();
  }

  destroy(cause: ProxyError | null): void {
    if (this.#gone(cause)) this.socket!.close();
  }

  secure(ctx: TlsServerContext, head: Uint8Array): void {
    if ((this.flags & (CLOSED | HANDSHAKING)) !== 0 || this.tls !== null) return;
    if (this.#out !== null) {
      this.destroy(handshakeFault(true, this.#at, "plain bytes that wait to be sent"));
      return;
    }
    if ((this.flags & PAUSED) !== 0) this.socket!.resume();
    this.flags |= HANDSHAKING;
    this.#out = new OutQueue();
    (ctx as BunServerContext).upgrade(this, head);
  }

  detach(): Detached | null {
    const libc = this.net.libc;
    const socket = this.socket;
    if ((this.flags & (CLOSED | ENDING | HANDSHAKING)) !== 0 || this.#out !== null || this.tls !== null) return null;
    if (libc === null || socket === null || socket.fd < 0) return null;
    const fd = libc.tryDuplicate(socket.fd);
    if (fd < 0) return null;
    const unread = this.#aside === null ? NO_BYTES : concatBytes(this.#aside.chunks);
    // Bun closes without a shutdown, and takes the socket from its epoll set first, where it would stay while the duplicate is open.
    this.destroy(null);
    return { fd, unread };
  }

  /** Bytes that come before what is read. */
  putBack(b: Uint8Array): void {
    this.#set().chunks.push(b);
    this.net.later(this);
  }

  /** For a dial: no more calls. False: there is nothing left to give up. */
  cancel(): boolean {
    if ((this.flags & (ACCEPTED | HANDSHAKING | CLOSED)) === HANDSHAKING) {
      this.flags |= CANCELLED | CLOSED;
      this.socket!.terminate();
      return false;
    }
    if (this.socket !== null || (this.flags & (CLOSED | CANCELLED)) !== 0) return false;
    this.flags |= CANCELLED;
    return true;
  }

  // What follows is called by the sockets' shared callbacks.

  /** A dial came through. `first` is sent before all else. */
  opened(socket: BunSocket, first: Uint8Array | null = null): void {
    this.socket = socket;
    if ((this.flags & CANCELLED) !== 0) {
      this.flags |= CLOSED;
      socket.close();
      return;
    }
    if (this.keepAliveMs > 0) socket.setKeepAlive(true, this.keepAliveMs);
    if (first !== null) this.write([first]);
    this.#tellOpen();
  }

  /** A dial with TLS came through as far as TCP. */
  connected(socket: BunSocket): void {
    if ((this.flags & CANCELLED) !== 0) {
      this.opened(socket);
      return;
    }
    this.socket = socket;
    this.flags |= HANDSHAKING;
    if (this.keepAliveMs > 0) socket.setKeepAlive(true, this.keepAliveMs);
  }

  /** A dial came through as far as TCP: TLS begins behind `first`. */
  connectedWith(socket: BunSocket, first: Uint8Array, tls: DialTls): void {
    this.connected(socket);
    if ((this.flags & CLOSED) !== 0) return;
    const dialed = this.#at.kind === "tcp" ? this.#at.host : "";
    if (socket.write(first) < first.length) this.handshakeFailed("a socket that takes too little at once");
    else (tls.context as BunClientContext).upgrade(this, tls, dialed);
  }

  /** The dial's peer is who was asked for. */
  dialSecured(info: TlsInfo): void {
    // A server of TLS 1.2 may ask for another handshake later.
    if ((this.flags & (CLOSED | HANDSHAKING)) !== HANDSHAKING) return;
    this.flags &= ~HANDSHAKING;
    this.tls = info;
    this.#tellOpen();
  }

  /** The client is who the context asks for: what waited goes out, and reading begins. */
  secured(info: TlsInfo): void {
    if ((this.flags & (CLOSED | HANDSHAKING)) !== HANDSHAKING) return;
    this.flags &= ~HANDSHAKING;
    this.tls = info;
    if ((this.flags & PAUSED) !== 0) this.socket!.pause();
    if ((this.flags & (OWES_DRAIN | ENDING)) === 0) this.#out = null;
    try {
      this.handler.onSecure?.(info);
    } catch (e) {
      this.fault(e);
    }
    this.writable();
  }

  handshakeFailed(reason: unknown): void {
    // Bun tells of the failure also when it was we who closed.
    if ((this.flags & CLOSED) !== 0) return;
    this.destroy(handshakeFault((this.flags & ACCEPTED) !== 0, this.#at, reason));
  }

  /** A dial failed with what the system said. */
  connectFailed(e: unknown): void {
    if ((this.flags & (CANCELLED | CLOSED)) !== 0) return;
    const cause = dialFault(this.#at, e);
    this.flags |= CLOSED;
    const aside = this.#set();
    aside.closed = true;
    aside.cause = cause;
    this.net.later(this);
  }

  received(b: Uint8Array): void {
    markReceived(b);
    if ((this.flags & (PAUSED | CLOSED)) !== 0 || this.#aside !== null) {
      this.#hold(b);
      return;
    }
    try {
      this.handler.onData(b);
    } catch (e) {
      this.fault(e);
    }
  }

  ended(): void {
    if ((this.flags & (CLOSED | PEER_ENDED)) !== 0) return;
    if ((this.flags & HANDSHAKING) !== 0) {
      this.handshakeFailed("the end of the connection");
      return;
    }
    if ((this.flags & PAUSED) !== 0 || this.#aside !== null) {
      this.#set().fin = true;
      return;
    }
    this.#tellEnd();
  }

  writable(): void {
    const out = this.#out;
    if (out === null || (this.flags & (CLOSED | HANDSHAKING)) !== 0) return;
    // Bun arms reading again with writing when a send was cut short.
    if ((this.flags & PAUSED) !== 0) this.socket!.pause();
    if (!this.#flush(out)) {
      this.#tellFlushed(out);
      return;
    }
    this.#out = null;
    if ((this.flags & ENDING) !== 0) this.socket!.shutdown();
    this.#tellFlushed(out);
    if (this.#out !== null || (this.flags & (OWES_DRAIN | CLOSED)) !== OWES_DRAIN) return;
    this.flags &= ~OWES_DRAIN;
    try {
      this.handler.onDrain();
    } catch (e) {
      this.fault(e);
    }
  }

  /** The socket is gone, by the peer or by an error, or as an echo of our own closing. */
  closed(e: unknown): void {
    if ((this.flags & CLOSED) !== 0) return;
    this.flags |= CLOSED;
    this.#out = null;
    const aside = this.#set();
    aside.closed = true;
    if ((this.flags & HANDSHAKING) !== 0) {
      aside.cause = handshakeFault((this.flags & ACCEPTED) !== 0, this.#at, e ?? "the end of the connection");
    } else if (e === undefined || e === null) {
      // After our own FIN Bun tells the peer's by the closing alone.
      if ((this.flags & PEER_ENDED) === 0) aside.fin = true;
    } else {
      aside.cause = resetFault((this.flags & ACCEPTED) !== 0);
      aside.fin = false;
      aside.chunks.length = 0;
    }
    this.net.later(this);
  }

  /** What came of TLS was an alert, or no record (RFC 8446 6.2): the connection is of no more use. */
  broken(e: unknown): void {
    if ((this.flags & HANDSHAKING) !== 0) this.handshakeFailed(e);
    else this.destroy(resetFault((this.flags & ACCEPTED) !== 0));
  }

  /** A handler threw: this connection pays, and nobody else. */
  fault(e: unknown): void {
    this.net.onFault(e);
    this.destroy(handlerFault(e));
  }

  /** Tells what was put aside, in order, as far as a pause lets it. */
  settle(): void {
    const aside = this.#aside;
    if (aside === null || (this.flags & CANCELLED) !== 0) return;
    try {
      while (aside.chunks.length > 0 && (this.flags & PAUSED) === 0) this.handler.onData(aside.chunks.shift()!);
    } catch (e) {
      this.fault(e);
    }
    if ((this.flags & PAUSED) !== 0 && (aside.fin || aside.chunks.length > 0)) return;
    if (aside.fin) {
      aside.fin = false;
      this.#tellEnd();
    }
    this.#aside = null;
    if (!aside.closed) return;
    try {
      this.handler.onClose(aside.cause);
    } catch (e) {
      this.net.onFault(e);
    }
  }

  #tellOpen(): void {
    try {
      (this.handler as DialHandler).onOpen(this);
    } catch (e) {
      this.fault(e);
    }
  }

  #tellEnd(): void {
    this.flags |= PEER_ENDED;
    try {
      this.handler.onEnd();
    } catch (e) {
      this.fault(e);
    }
  }

  /** Marks our own closing; false when there is no socket left to close. */
  #gone(cause: ProxyError | null): boolean {
    const before = this.flags;
    if ((before & CLOSED) !== 0 && this.#aside === null) return false;
    this.flags |= CLOSED;
    this.#out = null;
    const aside = this.#set();
    aside.chunks.length = 0;
    aside.fin = false;
    aside.closed = true;
    aside.cause ??= cause;
    this.net.later(this);
    return (before & CLOSED) === 0;
  }

  #set(): Aside {
    this.#aside ??= new Aside();
    return this.#aside;
  }

  #hold(b: Uint8Array): void {
    if ((this.flags & CLOSED) !== 0) return;
    this.#set().chunks.push(b);
    if ((this.flags & PAUSED) !== 0) this.socket!.pause();
  }

  /** `n`: what the kernel took of `part`; below 0: the socket is closing and its callback follows. */
  #blocked(part: Uint8Array, n: number, flushed: (() => void) | undefined): boolean {
    if (n < 0) return true;
    const out = new OutQueue();
    out.push(part, n);
    if (flushed !== undefined) out.mark(flushed);
    this.#out = out;
    this.flags |= OWES_DRAIN;
    return false;
  }

  #queue(out: OutQueue, parts: readonly Uint8Array[], flushed: (() => void) | undefined): false {
    for (let i = 0; i < parts.length; i++) out.push(parts[i]!, 0);
    if (flushed !== undefined) out.mark(flushed);
    this.flags |= OWES_DRAIN;
    return false;
  }

  #writeMany(parts: readonly Uint8Array[], flushed: (() => void) | undefined): boolean {
    const out = new OutQueue();
    for (let i = 0; i < parts.length; i++) out.push(parts[i]!, 0);
    if (flushed !== undefined) out.mark(flushed);
    if (this.#flush(out)) {
      this.#tellFlushed(out);
      return true;
    }
    if ((this.flags & CLOSED) !== 0) return true;
    this.#out = out;
    this.flags |= OWES_DRAIN;
    this.#tellFlushed(out);
    return false;
  }

  /** Whether all has left. */
  #flush(out: OutQueue): boolean {
    const socket = this.socket!;
    while (out.bytes > 0) {
      const part = out.first;
      const offset = out.offset;
      let size = part.length - offset;
      let n: number;
      if (out.single || size >= SCRATCH.length) n = socket.write(part, offset, size);
      else {
        size = out.gather(SCRATCH);
        n = socket.write(SCRATCH, 0, size);
      }
      if (n > 0) out.advance(n);
      if (n < size) return false;
    }
    return true;
  }

  #flushed(f: () => void): true {
    try {
      f();
    } catch (e) {
      this.fault(e);
    }
    return true;
  }

  #tellFlushed(out: OutQueue): void {
    for (let f = out.due(); f !== null && (this.flags & CLOSED) === 0; f = out.due()) this.#flushed(f);
  }

  #readInfo(): ConnInfo {
    const id = this.net.nextId++;
    const at = this.#at;
    const accepted = (this.flags & ACCEPTED) !== 0;
    if (at.kind === "unix") {
      const other: Address = { kind: "unix", path: "" };
      return accepted ? { id, local: at, remote: other } : { id, local: other, remote: at };
    }
    return new SocketInfo(id, this);
  }
}
