import { NO_BYTES } from "../base/bytes.ts";
import type { ProxyError } from "../base/error.ts";
import { markReceived } from "./received_chunk.ts";
import { OUT_OF_DESCRIPTORS } from "./shed_notice.ts";
import { dialFault, handlerFault, handshakeFault, resetFault } from "./system_fault.ts";
import { tcpAddress } from "./tcp_address.ts";
import type {
  Conn,
  ConnHandler,
  ConnInfo,
  Detached,
  DialHandler,
  DialOptions,
  DialTls,
  TcpAddress,
  TlsInfo,
  TlsServerContext,
} from "./types.ts";
import { UV_EOF, type UvName, type UvTcp } from "./uv_binding.ts";
import { JOIN_BYTES, type UvNet, WHOLE_BYTES } from "./uv_net.ts";
import type { UvContext } from "./uv_tls.ts";
import { UvTlsSide } from "./uv_tls_side.ts";

const ACCEPTED = 1;
const PAUSED = 2;
/** `end` was called. */
const ENDING = 4;
/** Our FIN has left. */
const FIN_SENT = 8;
/** The peer's FIN has been told. */
const PEER_ENDED = 16;
/** The handle is closed or closing. */
const CLOSED = 32;
const OPEN = 64;
const CANCELLED = 128;
/** A write returned false, so `onDrain` is owed. */
const OWES_DRAIN = 256;
const HANDSHAKING = 512;

interface Pending {
  /** Held here, for the runtime reads from it until the last byte has left. */
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly flushed: (() => void) | undefined;
}

/** One TCP connection on the runtime's own handle. */
export class UvConn implements Conn {
  readonly handle: UvTcp;
  handler: ConnHandler;
  /** For a dial: what it asks for. */
  dialing: DialOptions | null = null;
  /** Set when reading starts; 0: off. */
  keepAliveMs = 0;
  readonly #net: UvNet;
  readonly #at: TcpAddress;
  #flags: number;
  /** Writes that the kernel has not taken whole, oldest first. */
  #pending: Pending[] | null = null;
  #queued = 0;
  #cause: ProxyError | null = null;
  #info: ConnInfo | null = null;
  /** Where reads land while much is read; null: in the landing buffer of all. */
  #own: Uint8Array | null = null;
  /** Much was read since the last sweep. */
  #busy = false;
  #tls: UvTlsSide | null = null;
  /** Came with a connection that was taken over. */
  #unread: Uint8Array | null = null;

  /** `at`: the listener's address or the one dialed. */
  constructor(net: UvNet, handle: UvTcp, handler: ConnHandler, accepted: boolean, at: TcpAddress) {
    this.#net = net;
    this.handle = handle;
    this.handler = handler;
    this.#at = at;
    this.#flags = accepted ? ACCEPTED | OPEN : 0;
    handle.weir = this;
    handle.onread = onRead;
    handle.useUserBuffer(net.landing);
    handle.setNoDelay(true);
  }

  get info(): ConnInfo {
    this.#info ??= this.#readInfo();
    return this.#info;
  }

  set info(info: ConnInfo) {
    this.#info = info;
  }

  get queued(): number {
    return this.#tls === null ? this.#queued : this.#tls.queued;
  }

  get tls(): TlsInfo | null {
    return this.#tls === null ? null : this.#tls.info;
  }

  setHandler(h: ConnHandler): void {
    this.handler = h;
  }

  write(parts: readonly Uint8Array[], flushed?: () => void): boolean {
    if ((this.#flags & (CLOSED | ENDING)) !== 0) return true;
    if (this.#tls !== null) return this.#writeTls(this.#tls, parts, flushed);
    if (parts.length === 1) return this.#writeOne(parts[0]!, flushed);
    let total = 0;
    for (let i = 0; i < parts.length; i++) total += parts[i]!.length;
    if (total <= JOIN_BYTES) {
      const net = this.#net;
      const scratch = net.scratch;
      let at = 0;
      for (let i = 0; i < parts.length; i++) {
        const part = parts[i]!;
        scratch.set(part, at);
        at += part.length;
      }
      const taken = this.#writeOne(scratch.subarray(0, total), flushed);
      if (net.binding.state[net.binding.wasAsync] !== 0) net.scratch = new Uint8Array(JOIN_BYTES);
      return taken;
    }
    return this.#sent(this.handle.writev(WRITE, parts, true), parts, total, flushed);
  }

  pause(): void {
    if ((this.#flags & (PAUSED | CLOSED)) !== 0) return;
    this.#flags |= PAUSED;
    if ((this.#flags & (PEER_ENDED | HANDSHAKING)) === 0) this.handle.readStop();
  }

  resume(): void {
    if ((this.#flags & (PAUSED | CLOSED)) !== PAUSED) return;
    this.#flags &= ~PAUSED;
    if (this.#unread !== null) queueMicrotask(() => this.#deliverUnread());
    else if ((this.#flags & PEER_ENDED) === 0) this.handle.readStart();
    this.#tls?.resumed();
  }

  end(): void {
    if ((this.#flags & (CLOSED | ENDING)) !== 0) return;
    this.#flags |= ENDING;
    if (this.#tls !== null) this.#tls.end();
    else if (this.sendFin() !== 0) this.lost();
  }

  reset(): void {
    if ((this.#flags & CLOSED) !== 0) return;
    this.handle.reset();
    this.destroy(null);
  }

  destroy(cause: ProxyError | null): void {
    if ((this.#flags & CLOSED) !== 0) return;
    this.#net.budget.give();
    this.#close(cause);
  }

  secure(ctx: TlsServerContext, head: Uint8Array): void {
    if ((this.#flags & CLOSED) !== 0 || this.#tls !== null) return;
    this.#beginTls(ctx as TlsServerContext & UvContext, null, head);
    // A handshake goes on while its connection is paused.
    if ((this.#flags & (PAUSED | CLOSED | HANDSHAKING)) === (PAUSED | HANDSHAKING)) this.handle.readStart();
  }

  detach(): Detached | null {
    const libc = this.#net.libc;
    const held = this.#flags & (OPEN | CLOSED | ENDING | HANDSHAKING);
    if (held !== OPEN || this.#tls !== null || this.#pending !== null || libc === null) return null;
    const fd = this.handle.fdForIpc();
    if (fd < 0) return null;
    libc.setCloseOnExec(fd);
    const unread = this.#unread ?? NO_BYTES;
    this.destroy(null);
    return { fd, unread };
  }

  /** For a dial: no more calls. */
  cancel(): void {
    if ((this.#flags & (OPEN | CLOSED)) !== 0) return;
    this.#flags |= CANCELLED;
    this.destroy(null);
  }

  // What follows is called by the handles' shared callbacks.

  /** The connection is open and has its handler. */
  start(): void {
    if ((this.#flags & CLOSED) !== 0) return;
    if (this.keepAliveMs > 0) this.handle.setKeepAlive(true, Math.max(1, Math.round(this.keepAliveMs / 1000)));
    if ((this.#flags & (PAUSED | HANDSHAKING)) !== PAUSED && this.#unread === null) this.handle.readStart();
  }

  /** It was connected when it came here. */
  adopted(): void {
    this.#flags |= OPEN;
  }

  /** The connection was taken over with what had been read from it. */
  startWith(unread: Uint8Array): void {
    if (unread.length > 0) {
      this.#unread = unread;
      queueMicrotask(() => this.#deliverUnread());
    }
    this.start();
  }

  opened(status: number): void {
    if ((this.#flags & CLOSED) !== 0) return;
    if (status !== 0) {
      this.dialFailed(this.#net.binding.name(status));
      return;
    }
    const { first, tls } = this.dialing!;
    if (first !== undefined) this.#writeOne(first, undefined);
    if ((this.#flags & CLOSED) !== 0) return;
    if (tls === undefined) this.#tellOpen();
    else this.#beginTls(tls.context as DialTls["context"] & UvContext, tls, NO_BYTES);
    this.start();
  }

  /** `code`: the system's name of the failure. */
  dialFailed(code: string): void {
    this.destroy(dialFault(this.#at, { code }));
  }

  /** For a dial that found no descriptor to take. */
  refuse(): void {
    this.#close(dialFault(this.#at, OUT_OF_DESCRIPTORS));
  }

  /** Bytes have landed, or the end of them. */
  landed(): void {
    const binding = this.#net.binding;
    const n = binding.state[binding.nread]!;
    if ((this.#flags & CLOSED) !== 0) return;
    if (n > 0) {
      if (this.#tls === null) this.deliver(this.#take(n));
      else this.#tls.landed((this.#own ?? this.#net.landing).subarray(0, n));
    } else if (n === UV_EOF) {
      if (this.#tls === null) this.peerEnded();
      else this.#tls.landedEnd();
    } else if (n < 0) this.lost();
  }

  get isPaused(): boolean {
    return (this.#flags & PAUSED) !== 0;
  }

  /** What a server's certificate has to name where no name is given. */
  get dialedHost(): string {
    return this.#at.host;
  }

  deliver(b: Uint8Array): void {
    if ((this.#flags & CLOSED) !== 0) return;
    try {
      this.handler.onData(b);
    } catch (e) {
      this.fault(e);
    }
  }

  /** The handshake is done, and the peer is who was asked for. */
  secured(info: TlsInfo): void {
    if ((this.#flags & CLOSED) !== 0) return;
    this.#flags &= ~HANDSHAKING;
    if ((this.#flags & PAUSED) !== 0) this.handle.readStop();
    if ((this.#flags & OPEN) === 0) this.#tellOpen();
    else this.call(() => this.handler.onSecure?.(info));
    const tls = this.#tls;
    if (tls === null || (this.#flags & CLOSED) !== 0) return;
    tls.open();
    if (tls.queued === 0) this.drained();
  }

  handshakeFailed(reason: unknown): void {
    if ((this.#flags & CLOSED) === 0) this.destroy(handshakeFault((this.#flags & ACCEPTED) !== 0, this.#at, reason));
  }

  /** Nothing big has been read for a while: the landing buffer is of more use elsewhere. */
  reclaim(): void {
    if (this.#busy) {
      this.#busy = false;
      return;
    }
    this.#net.giveBuffer(this.#own!);
    this.handle.useUserBuffer(this.#net.landing);
    this.#disown();
  }

  /** The oldest pending write has left, or failed. */
  written(status: number): void {
    const pending = this.#pending;
    if ((this.#flags & CLOSED) !== 0 || pending === null) return;
    if (status !== 0) {
      this.lost();
      return;
    }
    const done = pending.shift()!;
    this.#queued -= done.bytes;
    this.#releaseAll(done.parts);
    if (pending.length === 0) this.#pending = null;
    if (done.flushed !== undefined) this.call(done.flushed);
    if (this.#pending === null) this.drained();
  }

  /** Nothing waits any more. */
  drained(): void {
    if ((this.#flags & (OWES_DRAIN | CLOSED)) !== OWES_DRAIN) return;
    this.#flags &= ~OWES_DRAIN;
    try {
      this.handler.onDrain();
    } catch (e) {
      this.fault(e);
    }
  }

  finSent(status: number): void {
    if ((this.#flags & CLOSED) !== 0) return;
    this.#flags |= FIN_SENT;
    if (status !== 0 && (this.#flags & PEER_ENDED) === 0) this.lost();
    else if ((this.#flags & PEER_ENDED) !== 0) this.destroy(null);
  }

  /** Calls what the handler gave. */
  call(f: () => void): void {
    try {
      f();
    } catch (e) {
      this.fault(e);
    }
  }

  /** A handler threw: this connection pays, and nobody else. */
  fault(e: unknown): void {
    this.#net.onFault(e);
    this.destroy(handlerFault(e));
  }

  /** The last call. */
  settle(): void {
    if (this.#tls !== null) {
      this.handle.close();
      this.#tls.destroy();
    }
    if ((this.#flags & CANCELLED) !== 0) return;
    try {
      this.handler.onClose(this.#cause);
    } catch (e) {
      this.#net.onFault(e);
    }
  }

  /** The landed bytes in memory of their own: copied, or with the whole buffer where they fill it. */
  #take(n: number): Uint8Array {
    const net = this.#net;
    const own = this.#own;
    if (n < WHOLE_BYTES) return net.chunk(own ?? net.landing, n);
    this.#busy = true;
    this.#own = net.takeBuffer();
    this.handle.useUserBuffer(this.#own);
    if (own === null) {
      net.owns(this);
      return net.chunk(net.landing, n);
    }
    const whole = own.subarray(0, n);
    markReceived(whole);
    return whole;
  }

  /** What came with the connection, before anything is read. */
  #deliverUnread(): void {
    const unread = this.#unread;
    if (unread === null || (this.#flags & (PAUSED | CLOSED)) !== 0) return;
    this.#unread = null;
    this.deliver(unread);
    if ((this.#flags & (PAUSED | CLOSED)) === 0) this.handle.readStart();
  }

  #disown(): void {
    this.#own = null;
    this.#net.disowned(this);
  }

  #close(cause: ProxyError | null): void {
    this.#flags |= CLOSED;
    if (this.#own !== null) this.#disown();
    this.#cause = cause;
    this.#pending = null;
    this.#queued = 0;
    this.handle.onread = null;
    if (this.#tls === null) this.handle.close();
    else {
      // The runtime may stand in one of its callbacks, and goes on with what is closed there.
      this.#tls.drop();
      this.handle.readStop();
    }
    this.#net.later(this);
  }

  peerEnded(): void {
    if ((this.#flags & (PEER_ENDED | CLOSED)) !== 0) return;
    this.#flags |= PEER_ENDED;
    try {
      this.handler.onEnd();
    } catch (e) {
      this.fault(e);
    }
    if ((this.#flags & (FIN_SENT | CLOSED)) === FIN_SENT) this.destroy(null);
  }

  /** The peer's reset. */
  lost(): void {
    if ((this.#flags & HANDSHAKING) !== 0) this.handshakeFailed("a reset");
    else this.destroy(resetFault((this.#flags & ACCEPTED) !== 0));
  }

  /** `finSent` follows. */
  sendFin(): number {
    return this.handle.shutdown(SHUTDOWN);
  }

  #beginTls(context: UvContext, dial: DialTls | null, head: Uint8Array): void {
    this.#flags |= HANDSHAKING;
    const tls = context.open(dial === null ? "" : dial.serverName);
    if (tls === null) {
      this.handshakeFailed("options that can't be used");
      return;
    }
    this.#tls = new UvTlsSide(this.#net, this, context, tls, dial);
    this.#tls.begin(head);
  }

  #tellOpen(): void {
    this.#flags |= OPEN;
    try {
      (this.handler as DialHandler).onOpen(this);
    } catch (e) {
      this.fault(e);
    }
  }

  #writeTls(tls: UvTlsSide, parts: readonly Uint8Array[], flushed: (() => void) | undefined): boolean {
    if (tls.write(parts, flushed)) return true;
    this.#flags |= OWES_DRAIN;
    return false;
  }

  #writeOne(part: Uint8Array, flushed: (() => void) | undefined): boolean {
    const binding = this.#net.binding;
    const status = this.handle.writeBuffer(WRITE, part);
    if (status === 0 && binding.state[binding.wasAsync] === 0) {
      this.#net.release(part);
      if (flushed !== undefined) this.call(flushed);
      return true;
    }
    return this.#sent(status, [part], part.length, flushed);
  }

  #sent(status: number, parts: readonly Uint8Array[], bytes: number, flushed: (() => void) | undefined): boolean {
    const binding = this.#net.binding;
    if (status !== 0) {
      this.lost();
      return true;
    }
    if (binding.state[binding.wasAsync] === 0) {
      this.#releaseAll(parts);
      if (flushed !== undefined) this.call(flushed);
      return true;
    }
    this.#pending ??= [];
    this.#pending.push({ parts, bytes, flushed });
    this.#queued += bytes;
    this.#flags |= OWES_DRAIN;
    return false;
  }

  #releaseAll(parts: readonly Uint8Array[]): void {
    for (let i = 0; i < parts.length; i++) this.#net.release(parts[i]!);
  }

  #readInfo(): ConnInfo {
    const local: UvName = {};
    const remote: UvName = {};
    if ((this.#flags & CLOSED) === 0) {
      this.handle.getsockname(local);
      this.handle.getpeername(remote);
    }
    return {
      id: this.#net.nextId++,
      local: tcpAddress(local.address, local.port),
      remote: tcpAddress(remote.address, remote.port),
    };
  }
}

// One request object serves all: the runtime hands the handle to `oncomplete`.
const WRITE = {
  oncomplete(status: number, handle: UvTcp): void {
    (handle.weir as UvConn).written(status);
  },
};
const SHUTDOWN = {
  oncomplete(status: number, handle: UvTcp): void {
    (handle.weir as UvConn).finSent(status);
  },
};
/** For `connect`. */
export const CONNECT = {
  oncomplete(status: number, handle: UvTcp): void {
    (handle.weir as UvConn).opened(status);
  },
};

function onRead(this: UvTcp): void {
  (this.weir as UvConn).landed();
}
