import type { Socket } from "node:net";
import { concatBytes } from "../base/bytes.ts";
import type { ProxyError } from "../base/error.ts";
import type { DescriptorBudget } from "./descriptor_budget.ts";
import { EarlyWrites } from "./early_writes.ts";
import type { LinuxLibc } from "./linux_libc.ts";
import { duplicateOf } from "./node_descriptor.ts";
import type { NodeClientContext, NodeServerContext, NodeTlsSocket } from "./node_tls.ts";
import { isReleasable, markReceived, releaseChunk } from "./received_chunk.ts";
import { OUT_OF_DESCRIPTORS } from "./shed_notice.ts";
import { dialFault, handlerFault, handshakeFault, resetFault } from "./system_fault.ts";
import { tcpAddress } from "./tcp_address.ts";
import type {
  Address,
  Conn,
  ConnHandler,
  ConnInfo,
  Detached,
  DialHandler,
  DialOptions,
  TlsInfo,
  TlsServerContext,
} from "./types.ts";

/** What the connections of one platform share. */
export interface NodeNet {
  readonly onFault: (e: unknown) => void;
  readonly budget: DescriptorBudget;
  /** For connections that are given away; null: they can't be. */
  readonly libc: LinuxLibc | null;
  nextId: number;
}

/** A socket with the connection that rides on it, so that listeners are shared functions. */
interface Ridden extends Socket {
  weir: NodeConn;
}

const ACCEPTED = 1;
const CLOSED = 2;
const ENDING = 4;
const CANCELLED = 8;
const OPEN = 16;
const PEER_ENDED = 32;
/** A write returned false, so `onDrain` is owed. */
const OWES_DRAIN = 64;
/** It took no descriptor. */
const REFUSED = 128;
/** For a dial with TLS: TCP stands. */
const CONNECTED = 256;
const PAUSED = 512;

/** Up to here several parts are joined before they are written: one call of the stream costs more than the copy. */
const JOIN = 64 * 1024;
/** One connection on `node:net`. */
export class NodeConn implements Conn {
  /** With TLS the one that decrypts, once there is one. */
  socket: Socket;
  handler: ConnHandler;
  tls: TlsInfo | null = null;
  /** While an accepted connection's handshake goes on. */
  #early: EarlyWrites | null = null;
  /** Below TLS. */
  #raw: Socket | null = null;
  /** What a dial asks for. */
  readonly #dialing: DialOptions;
  readonly #net: NodeNet;
  readonly #at: Address;
  #flags: number;
  #cause: ProxyError | null = null;
  #info: ConnInfo | null = null;

  /** `at`: the listener's address or the one dialed. */
  constructor(net: NodeNet, socket: Socket, handler: ConnHandler, accepted: boolean, at: Address, dialing: DialOptions = {}) {
    this.#net = net;
    this.socket = socket;
    this.handler = handler;
    this.#at = at;
    this.#flags = accepted ? ACCEPTED | OPEN : 0;
    this.#dialing = dialing;
    this.#listen(socket);
    if (!accepted) socket.on("connect", onConnect);
  }

  get info(): ConnInfo {
    this.#info ??= this.#readInfo();
    return this.#info;
  }

  set info(info: ConnInfo) {
    this.#info = info;
  }

  get queued(): number {
    if ((this.#flags & CLOSED) !== 0) return 0;
    return this.socket.writableLength + (this.#early === null ? 0 : this.#early.bytes);
  }

  setHandler(h: ConnHandler): void {
    this.handler = h;
  }

  write(parts: readonly Uint8Array[], flushed?: () => void): boolean {
    if ((this.#flags & (CLOSED | ENDING)) !== 0) return true;
    if (this.#early !== null) return this.#early.write(parts, flushed);
    let total = 0;
    for (let i = 0; i < parts.length; i++) total += parts[i]!.length;
    if (parts.length === 0) return this.#taken(this.socket.write(NOTHING, this.#done(null, flushed)));
    if (parts.length > 1 && total <= JOIN) return this.#taken(this.socket.write(join(parts, total), this.#done(null, flushed)));
    this.socket.cork();
    let more = true;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      more = this.socket.write(part, this.#done(part, i + 1 === parts.length ? flushed : undefined));
    }
    this.socket.uncork();
    return this.#taken(more);
  }

  pause(): void {
    this.#flags |= PAUSED;
    if (this.#early === null) this.socket.pause();
  }

  resume(): void {
    this.#flags &= ~PAUSED;
    if (this.#early === null) this.socket.resume();
  }

  end(): void {
    if ((this.#flags & (CLOSED | ENDING)) !== 0) return;
    this.#flags |= ENDING;
    if (this.#early === null) this.socket.end();
  }

  reset(): void {
    // A TLS socket has no RST; it goes with the one below it.
    if (this.#gone(null)) (this.#raw ?? this.socket).resetAndDestroy();
  }

  destroy(cause: ProxyError | null): void {
    if (this.#gone(cause)) this.socket.destroy();
  }

  secure(ctx: TlsServerContext, head: Uint8Array): void {
    if ((this.#flags & CLOSED) !== 0 || this.#raw !== null) return;
    const raw = this.#layBelow();
    this.#early = new EarlyWrites();
    // A client that goes away in the middle of its handshake must not leave half a connection behind.
    raw.allowHalfOpen = false;
    raw.pause();
    if (head.length > 0) raw.unshift(head);
    (ctx as NodeServerContext).server.emit("connection", raw);
  }

  detach(): Detached | null {
    const libc = this.#net.libc;
    const s = this.socket;
    const flags = this.#flags & (OPEN | CLOSED | ENDING | CANCELLED);
    if (flags !== OPEN || this.tls !== null || this.#raw !== null || s.writableLength > 0 || libc === null) return null;
    const fd = duplicateOf(libc, s);
    if (fd < 0) return null;
    s.pause();
    // Taking from the stream would tell `data` as well, and read on.
    s.removeListener("data", onData);
    s._read = ignore;
    const unread: Uint8Array[] = [];
    for (let b: Uint8Array | null = s.read(); b !== null; b = s.read()) unread.push(b);
    this.destroy(null);
    return { fd, unread: concatBytes(unread) };
  }

  /** The socket was connected when it came here. It is stopped until `started`, for a flowing one tells put back bytes at once. */
  adopted(accepted: boolean, unread: Uint8Array): void {
    this.#flags = (this.#flags & ~ACCEPTED) | OPEN | (accepted ? ACCEPTED : 0);
    this.socket.pause();
    if (unread.length > 0) this.socket.unshift(unread);
  }

  /** The handler of an adopted connection is there. */
  started(): void {
    if ((this.#flags & (PAUSED | CLOSED)) === 0 && this.#raw === null) this.socket.resume();
  }

  /** For a dial: no more calls. */
  cancel(): void {
    if ((this.#flags & OPEN) !== 0) return;
    this.#flags |= CANCELLED;
    this.socket.destroy();
  }

  /** For a dial that found no descriptor to take. */
  refuse(): void {
    this.#flags |= REFUSED;
    this.socket.destroy(Object.assign(new Error("no descriptor left"), OUT_OF_DESCRIPTORS));
  }

  // What follows is called by the sockets' shared listeners.

  connected(): void {
    this.#flags |= CONNECTED;
    const { first, tls } = this.#dialing;
    if (first !== undefined) this.socket.write(first);
    if (tls === undefined) {
      this.opened();
      return;
    }
    const raw = this.#layBelow();
    raw.removeListener("close", onClose);
    const context = tls.context as NodeClientContext;
    const s = context.connect(raw, tls.serverName, this.#at.kind === "tcp" ? this.#at.host : "");
    this.socket = s;
    (s as unknown as Ridden).weir = this;
    s.on("secureConnect", onSecureConnect);
    s.on("error", onError);
    s.on("close", onClose);
  }

  /** A dial's handshake is done, as far as the runtime checks it. */
  dialSecured(s: NodeTlsSocket): void {
    if ((this.#flags & (CANCELLED | CLOSED | OPEN)) !== 0) return;
    s.removeListener("error", onError);
    s.removeListener("close", onClose);
    this.#listen(s);
    try {
      const { context, serverName } = this.#dialing.tls!;
      const got = (context as NodeClientContext).secured(s, serverName, () => this.lost());
      if (typeof got === "string") {
        this.destroy(handshakeFault(false, this.#at, got));
        return;
      }
      this.tls = got;
    } catch (e) {
      this.fault(e);
      return;
    }
    this.opened();
  }

  /** The handshake is done and the client is who the context asks for: what waited goes out, and reading begins. */
  secured(s: NodeTlsSocket, info: TlsInfo): void {
    const early = this.#early;
    if ((this.#flags & CLOSED) !== 0 || early === null) {
      s.destroy();
      return;
    }
    this.#early = null;
    this.tls = info;
    this.socket.removeListener("close", onClose);
    this.socket.allowHalfOpen = true;
    this.socket = s;
    s.allowHalfOpen = true;
    if ((this.#flags & PAUSED) !== 0) s.pause();
    this.#listen(s);
    const ending = this.#flags & ENDING;
    this.#flags &= ~ENDING;
    const owed = early.sendTo(this);
    if (ending !== 0) this.end();
    try {
      this.handler.onSecure?.(info);
    } catch (e) {
      this.fault(e);
    }
    if (!owed) return;
    this.#flags |= OWES_DRAIN;
    if (s.writableLength === 0) this.writable();
  }

  /** `s`: the socket whose handshake it was. */
  handshakeFailed(reason: unknown, s: NodeTlsSocket): void {
    if (this.#early !== null && (this.#flags & CLOSED) === 0) this.#cause ??= handshakeFault(true, this.#at, reason);
    s.destroy();
    this.#raw?.destroy();
  }

  opened(): void {
    if ((this.#flags & CANCELLED) !== 0) return;
    this.#flags |= OPEN;
    try {
      (this.handler as DialHandler).onOpen(this);
    } catch (e) {
      this.fault(e);
    }
  }

  received(b: Uint8Array): void {
    if ((this.#flags & CLOSED) !== 0) return;
    markReceived(b);
    try {
      this.handler.onData(b);
    } catch (e) {
      this.fault(e);
    }
  }

  ended(): void {
    // A peer that goes in the middle of a handshake is told by the close.
    if ((this.#flags & (CLOSED | PEER_ENDED | OPEN)) !== OPEN) return;
    this.#flags |= PEER_ENDED;
    try {
      this.handler.onEnd();
    } catch (e) {
      this.fault(e);
    }
  }

  writable(): void {
    if ((this.#flags & (CLOSED | OWES_DRAIN)) !== OWES_DRAIN) return;
    this.#flags &= ~OWES_DRAIN;
    try {
      this.handler.onDrain();
    } catch (e) {
      this.fault(e);
    }
  }

  failed(e: unknown): void {
    if ((this.#flags & CLOSED) !== 0) return;
    if ((this.#flags & OPEN) !== 0) this.#cause = resetFault((this.#flags & ACCEPTED) !== 0);
    else this.#cause = (this.#flags & CONNECTED) !== 0 ? handshakeFault(false, this.#at, e) : dialFault(this.#at, e);
  }

  /** The peer's reset, where the socket does not tell it. */
  lost(): void {
    this.destroy(resetFault((this.#flags & ACCEPTED) !== 0));
  }

  closed(): void {
    if ((this.#flags & CLOSED) === 0 && (this.#early !== null || (this.#flags & (CONNECTED | OPEN)) === CONNECTED)) {
      this.#cause ??= handshakeFault(this.#early !== null, this.#at, "the end of the connection");
    }
    this.#early = null;
    this.#flags |= CLOSED;
    if ((this.#flags & REFUSED) === 0) this.#net.budget.give();
    if ((this.#flags & CANCELLED) !== 0) return;
    try {
      this.handler.onClose(this.#cause);
    } catch (e) {
      this.#net.onFault(e);
    }
  }

  /** A handler threw: this connection pays, and nobody else. */
  fault(e: unknown): void {
    this.#net.onFault(e);
    this.destroy(handlerFault(e));
  }

  /** TLS is about to take the socket over. */
  #layBelow(): Socket {
    const raw = this.socket;
    this.#raw = raw;
    for (const [event, f] of LISTENERS) if (event !== "close") raw.removeListener(event, f);
    raw.on("error", ignore);
    return raw;
  }

  #listen(socket: Socket): void {
    (socket as Ridden).weir = this;
    for (const [event, f] of LISTENERS) socket.on(event, f);
  }

  /** A stream says no from its high-water mark on, also to what the kernel took at once. */
  #taken(more: boolean): boolean {
    if (more || this.socket.writableLength === 0) return true;
    this.#flags |= OWES_DRAIN;
    return false;
  }

  /** Marks our own closing; false when it is under way already. */
  #gone(cause: ProxyError | null): boolean {
    if ((this.#flags & CLOSED) !== 0) return false;
    this.#flags |= CLOSED;
    this.#cause ??= cause;
    return true;
  }

  /** What to do when a part has left: free it when it is a whole received chunk, then tell. */
  #done(part: Uint8Array | null, flushed: (() => void) | undefined): ((e?: Error | null) => void) | undefined {
    const freed = part !== null && isReleasable(part) ? part : null;
    if (flushed === undefined && freed === null) return undefined;
    return (e) => {
      if (freed !== null) releaseChunk(freed);
      if (flushed === undefined || e || (this.#flags & CLOSED) !== 0) return;
      try {
        flushed();
      } catch (thrown) {
        this.fault(thrown);
      }
    };
  }

  #readInfo(): ConnInfo {
    const id = this.#net.nextId++;
    const at = this.#at;
    const accepted = (this.#flags & ACCEPTED) !== 0;
    if (at.kind === "unix") {
      const other: Address = { kind: "unix", path: "" };
      return accepted ? { id, local: at, remote: other } : { id, local: other, remote: at };
    }
    const s = this.socket;
    return { id, local: tcpAddress(s.localAddress, s.localPort), remote: tcpAddress(s.remoteAddress, s.remotePort) };
  }
}

const NOTHING = new Uint8Array(0);

function join(parts: readonly Uint8Array[], total: number): Uint8Array {
  const all = new Uint8Array(total);
  let at = 0;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const LISTENERS = [
  ["data", onData],
  ["end", onEnd],
  ["drain", onDrain],
  ["error", onError],
  ["close", onClose],
] as const;

function onConnect(this: Socket): void {
  (this as Ridden).weir.connected();
}
function onSecureConnect(this: Socket): void {
  (this as Ridden).weir.dialSecured(this as NodeTlsSocket);
}
function onData(this: Socket, b: Uint8Array): void {
  (this as Ridden).weir.received(b);
}
function onEnd(this: Socket): void {
  (this as Ridden).weir.ended();
}
function onDrain(this: Socket): void {
  (this as Ridden).weir.writable();
}
function onError(this: Socket, e: Error): void {
  (this as Ridden).weir.failed(e);
}
function onClose(this: Socket): void {
  (this as Ridden).weir.closed();
}
function ignore(): void {}
