import type { Socket } from "node:net";
import type { ProxyError } from "../base/error.ts";
import type { DescriptorBudget } from "./descriptor_budget.ts";
import { isReleasable, markReceived, releaseChunk } from "./received_chunk.ts";
import { OUT_OF_DESCRIPTORS } from "./shed_notice.ts";
import { dialFault, handlerFault, resetFault } from "./system_fault.ts";
import { tcpAddress } from "./tcp_address.ts";
import type { Address, Conn, ConnHandler, ConnInfo, DialHandler } from "./types.ts";

/** What the connections of one platform share. */
export interface NodeNet {
  readonly onFault: (e: unknown) => void;
  readonly budget: DescriptorBudget;
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

/** Up to here several parts are joined before they are written: one call of the stream costs more than the copy. */
const JOIN = 64 * 1024;
/** One connection on `node:net`. */
export class NodeConn implements Conn {
  readonly socket: Socket;
  handler: ConnHandler;
  readonly #net: NodeNet;
  readonly #at: Address;
  #flags: number;
  #cause: ProxyError | null = null;
  #info: ConnInfo | null = null;

  /** `at`: the listener's address or the one dialed. */
  constructor(net: NodeNet, socket: Socket, handler: ConnHandler, accepted: boolean, at: Address) {
    this.#net = net;
    this.socket = socket;
    this.handler = handler;
    this.#at = at;
    this.#flags = accepted ? ACCEPTED | OPEN : 0;
    (socket as Ridden).weir = this;
    socket.on("data", onData);
    socket.on("end", onEnd);
    socket.on("drain", onDrain);
    socket.on("error", onError);
    socket.on("close", onClose);
    if (!accepted) socket.on("connect", onConnect);
  }

  get info(): ConnInfo {
    this.#info ??= this.#readInfo();
    return this.#info;
  }

  get queued(): number {
    return (this.#flags & CLOSED) !== 0 ? 0 : this.socket.writableLength;
  }

  setHandler(h: ConnHandler): void {
    this.handler = h;
  }

  write(parts: readonly Uint8Array[], flushed?: () => void): boolean {
    if ((this.#flags & (CLOSED | ENDING)) !== 0) return true;
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
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  end(): void {
    if ((this.#flags & (CLOSED | ENDING)) !== 0) return;
    this.#flags |= ENDING;
    this.socket.end();
  }

  reset(): void {
    if (this.#gone(null)) this.socket.resetAndDestroy();
  }

  destroy(cause: ProxyError | null): void {
    if (this.#gone(cause)) this.socket.destroy();
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
    if ((this.#flags & (CLOSED | PEER_ENDED)) !== 0) return;
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
    this.#cause = (this.#flags & OPEN) === 0 ? dialFault(this.#at, e) : resetFault((this.#flags & ACCEPTED) !== 0);
  }

  closed(): void {
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

function onConnect(this: Socket): void {
  (this as Ridden).weir.opened();
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
