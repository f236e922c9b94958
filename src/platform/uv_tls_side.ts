import type { DialTls, TlsInfo } from "./types.ts";
import type { UvConn } from "./uv_conn.ts";
import type { UvNet } from "./uv_net.ts";
import type { UvContext } from "./uv_tls.ts";
import type { UvTls } from "./uv_tls_binding.ts";
import { type LayerOwner, UvTlsLayer } from "./uv_tls_layer.ts";

/** What a connection has more when it speaks TLS: the layer, who the peer is, and what came while it was paused. */
export class UvTlsSide implements LayerOwner {
  info: TlsInfo | null = null;
  readonly #conn: UvConn;
  readonly #context: UvContext;
  readonly #dial: DialTls | null;
  readonly #tls: UvTls;
  readonly #layer: UvTlsLayer;
  /** One read of TCP may hold the last of a handshake, bytes and an end: a pause can't stop what has been read. */
  #held: Uint8Array[] = [];
  #heldEnd = false;
  #releasing = false;

  /** `dial`: null at a server. */
  constructor(net: UvNet, conn: UvConn, context: UvContext, tls: UvTls, dial: DialTls | null) {
    this.#conn = conn;
    this.#context = context;
    this.#dial = dial;
    this.#tls = tls;
    this.#layer = new UvTlsLayer(net, tls, this);
  }

  get queued(): number {
    return this.#layer.queued;
  }

  begin(head: Uint8Array): void {
    this.#layer.start(this.#conn.handle, head);
  }

  write(parts: readonly Uint8Array[], flushed: (() => void) | undefined): boolean {
    return this.#layer.write(parts, flushed);
  }

  end(): void {
    this.#layer.end();
  }

  /** Lets what was written before go. */
  open(): void {
    this.#layer.open();
  }

  /** TCP has read. */
  landed(ciphertext: Uint8Array): void {
    this.#layer.receive(ciphertext);
  }

  /** TCP has ended, with or without the close_notify that RFC 8446 section 6.1 asks for: as many clients leave it out. */
  landedEnd(): void {
    if (this.info === null) this.handshakeFailed("the end of the connection");
    else this.plainEnd();
  }

  resumed(): void {
    if (this.#releasing || (this.#held.length === 0 && !this.#heldEnd)) return;
    this.#releasing = true;
    queueMicrotask(() => this.#release());
  }

  /** What is written is dropped. */
  drop(): void {
    this.#layer.drop();
    this.#held.length = 0;
    this.#heldEnd = false;
  }

  destroy(): void {
    this.#layer.destroy();
  }

  plain(b: Uint8Array): void {
    if (this.#conn.isPaused || this.#held.length > 0) this.#held.push(b);
    else this.#conn.deliver(b);
  }

  plainEnd(): void {
    if (this.#conn.isPaused || this.#held.length > 0) this.#heldEnd = true;
    else this.#conn.peerEnded();
  }

  handshakeDone(): void {
    let got: TlsInfo | string;
    try {
      got = this.#context.judge(this.#tls, this.#dial, this.#conn.dialedHost);
    } catch (e) {
      this.#conn.fault(e);
      return;
    }
    if (typeof got === "string") {
      this.handshakeFailed(got);
      return;
    }
    this.info = got;
    this.#conn.secured(got);
  }

  handshakeFailed(reason: unknown): void {
    this.#conn.handshakeFailed(reason);
  }

  writable(): void {
    this.#conn.drained();
  }

  lost(): void {
    this.#conn.lost();
  }

  call(f: () => void): void {
    this.#conn.call(f);
  }

  sendFin(): number {
    return this.#conn.sendFin();
  }

  #release(): void {
    this.#releasing = false;
    while (this.#held.length > 0 && !this.#conn.isPaused) this.#conn.deliver(this.#held.shift()!);
    if (this.#held.length > 0 || !this.#heldEnd || this.#conn.isPaused) return;
    this.#heldEnd = false;
    this.#conn.peerEnded();
  }
}
