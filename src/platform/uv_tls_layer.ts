import { releaseChunk } from "./received_chunk.ts";
import { UV_EOF, type UvTcp } from "./uv_binding.ts";
import { JOIN_BYTES, type UvNet } from "./uv_net.ts";
import type { UvTls } from "./uv_tls_binding.ts";

/** What a layer tells its connection. */
export interface LayerOwner {
  /** Plain bytes, in memory of their own. */
  plain(b: Uint8Array): void;
  /** The peer's close_notify. */
  plainEnd(): void;
  handshakeDone(): void;
  handshakeFailed(reason: unknown): void;
  /** All that was written has left. */
  writable(): void;
  /** A write failed. */
  lost(): void;
  /** Calls what the connection's handler gave, with a net below it. */
  call(f: () => void): void;
  /** Sends the FIN, once what is queued in the handle has left. */
  sendFin(): number;
}

/** One part that waits. */
interface Waiting {
  readonly part: Uint8Array;
  offset: number;
  /** Told when the part has left. */
  readonly flushed: (() => void) | undefined;
}

/** Up to here `write` is content: the runtime completes each write on a later turn, so that something nearly always waits. */
const CONTENT_BYTES = 64 * 1024;
/** The most that is given to the runtime at once: it copies all that it is given, and encrypts as much in one go. */
const SEND_BYTES = 48 * 1024;

/** TLS between a connection and its handle. One write is under way at a time; what comes meanwhile waits, and leaves joined. */
export class UvTlsLayer {
  /** Until then what is written waits. */
  established = false;
  queued = 0;
  readonly #net: UvNet;
  readonly #tls: UvTls;
  readonly #owner: LayerOwner;
  #waiting: Waiting[] = [];
  /** Bytes of the write that is under way; 0: none is. */
  #flying = 0;
  #landed: (() => void)[] = [];
  #ending = false;

  constructor(net: UvNet, tls: UvTls, owner: LayerOwner) {
    this.#net = net;
    this.#tls = tls;
    this.#owner = owner;
    tls.weir = this;
    tls.onread = onRead;
    tls.onhandshakedone = onHandshakeDone;
    tls.onerror = onError;
  }

  /** `head`: ciphertext that has been read already. */
  start(tcp: UvTcp, head: Uint8Array): void {
    this.#tls.useUserBuffer(this.#net.plain);
    if (this.#tls.attach(tcp) !== 0) {
      this.#owner.handshakeFailed("a handle that can't be wrapped");
      return;
    }
    this.#tls.setHandle(this.#tls);
    this.#tls.readStart();
    if (this.#tls.start() !== 0) this.#owner.handshakeFailed("options that can't be used");
    else if (head.length > 0) this.#tls.receive(head);
  }

  receive(ciphertext: Uint8Array): void {
    this.#tls.receive(ciphertext);
  }

  /** The connection lets what was written before go. */
  open(): void {
    this.established = true;
    this.#pump();
  }

  /** False: `writable` follows. */
  write(parts: readonly Uint8Array[], flushed: (() => void) | undefined): boolean {
    if (this.established && this.#flying === 0 && this.#waiting.length === 0 && parts.length > 0) {
      const b = parts.length === 1 ? parts[0]! : this.#joined(parts);
      if (b !== null && b.length > 0 && b.length <= SEND_BYTES) {
        this.queued = b.length;
        if (flushed !== undefined) this.#landed.push(flushed);
        this.#fly(b);
        if (parts.length === 1) releaseChunk(b);
        return true;
      }
    }
    const last = parts.length - 1;
    for (let i = 0; i <= last; i++) {
      const part = parts[i]!;
      this.queued += part.length;
      this.#waiting.push({ part, offset: 0, flushed: i === last ? flushed : undefined });
    }
    if (last < 0 && flushed !== undefined) this.#waiting.push({ part: NOTHING, offset: 0, flushed });
    if (this.established) this.#pump();
    return this.established && this.queued <= CONTENT_BYTES;
  }

  /** close_notify and FIN, after all that waits. */
  end(): void {
    this.#ending = true;
    if (this.established) this.#pump();
  }

  /** No call comes after it. Not from inside of a callback: the runtime still stands in it. */
  destroy(): void {
    this.#tls.setClosing();
    this.#tls.destroySsl();
  }

  /** What is written is dropped. */
  drop(): void {
    this.#waiting.length = 0;
    this.#landed.length = 0;
    this.queued = 0;
  }

  // What follows is called by the shared callbacks.

  get owner(): LayerOwner {
    return this.#owner;
  }

  readSome(): void {
    const { binding } = this.#net;
    const n = binding.state[binding.nread]!;
    if (n > 0) this.#owner.plain(this.#net.chunk(this.#net.plain, n));
    else if (n === UV_EOF) this.#owner.plainEnd();
  }

  written(status: number): void {
    if (this.#flying === 0) return;
    if (status !== 0) {
      this.#owner.lost();
      return;
    }
    this.queued -= this.#flying;
    this.#flying = 0;
    const landed = this.#landed;
    if (landed.length > 0) {
      this.#landed = [];
      for (const f of landed) this.#owner.call(f);
    }
    this.#pump();
    if (this.queued === 0) this.#owner.writable();
  }

  /** Sends what waits, unless a write is under way. */
  #pump(): void {
    if (this.#flying > 0) return;
    const waiting = this.#waiting;
    // Empty ones have left as soon as all before them have.
    while (waiting.length > 0 && waiting[0]!.part.length === 0) {
      const { flushed } = waiting.shift()!;
      if (flushed !== undefined) this.#owner.call(flushed);
    }
    const first = waiting[0];
    if (first === undefined) {
      if (this.#ending) this.#shutdown();
      return;
    }
    const left = first.part.length - first.offset;
    if (waiting.length === 1 || left >= JOIN_BYTES) this.#send(this.#cut(first, Math.min(left, SEND_BYTES)));
    else this.#send(this.#join());
  }

  /** All parts in one; null: they are too many. The array is free again after the next write. */
  #joined(parts: readonly Uint8Array[]): Uint8Array | null {
    const { scratch } = this.#net;
    let at = 0;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (at + part.length > scratch.length) return null;
      scratch.set(part, at);
      at += part.length;
    }
    return scratch.subarray(0, at);
  }

  /** The next bytes of the first part. It is freed by whoever has them copied. */
  #cut(w: Waiting, n: number): Uint8Array {
    const whole = n === w.part.length ? w.part : w.part.subarray(w.offset, w.offset + n);
    w.offset += n;
    return whole;
  }

  #join(): Uint8Array {
    const { scratch } = this.#net;
    let at = 0;
    for (const w of this.#waiting) {
      if (at === scratch.length) break;
      const n = Math.min(w.part.length - w.offset, scratch.length - at);
      scratch.set(w.part.subarray(w.offset, w.offset + n), at);
      w.offset += n;
      at += n;
    }
    return scratch.subarray(0, at);
  }

  #fly(b: Uint8Array): void {
    this.#flying = b.length;
    if (this.#tls.writeBuffer(WRITE, b) !== 0) this.#owner.lost();
  }

  #send(b: Uint8Array): void {
    this.#fly(b);
    const waiting = this.#waiting;
    let gone = 0;
    while (gone < waiting.length && waiting[gone]!.offset === waiting[gone]!.part.length) {
      const w = waiting[gone++]!;
      if (w.flushed !== undefined) this.#landed.push(w.flushed);
      this.#net.release(w.part);
    }
    if (gone === waiting.length) waiting.length = 0;
    else if (gone > 0) waiting.splice(0, gone);
  }

  #shutdown(): void {
    this.#ending = false;
    // The handle's own first, for it tells when the FIN has left and the one below `shutdown` does not; either waits
    // until what is queued has left, close_notify included.
    if (this.#owner.sendFin() !== 0) this.#owner.lost();
    else this.#tls.shutdown(NO_REQUEST);
  }
}

const NOTHING = new Uint8Array(0);
const NO_REQUEST = {};

// One request object serves all: the runtime hands the handle to `oncomplete`.
const WRITE = {
  oncomplete(status: number, tls: UvTls): void {
    (tls.weir as UvTlsLayer).written(status);
  },
};

function onRead(this: UvTls): void {
  (this.weir as UvTlsLayer).readSome();
}
function onHandshakeDone(this: UvTls): void {
  (this.weir as UvTlsLayer).owner.handshakeDone();
}
function onError(this: UvTls, e: Error): void {
  const { owner, established } = this.weir as UvTlsLayer;
  if (established) owner.lost();
  else owner.handshakeFailed(e);
}
