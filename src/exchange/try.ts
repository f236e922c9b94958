import type { ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import type { ResponseHead } from "../http/head.ts";
import type { Host } from "../upstream/types.ts";
import type { TunnelEnd } from "../wire/tunnel.ts";
import { Attempt, type AttemptOwner } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";
import type { Tries } from "./tries.ts";

/** One of the attempts of an exchange that may have several, with its times. */
export class Try implements AttemptOwner {
  readonly attempt: Attempt;
  /** It has one of the cluster's retries, which `Tries` gives back. */
  readonly budgeted: boolean;
  readonly startedAt: number;
  /** When the head of its reply must have come: by its own time, or by that of any attempt; Infinity: no bound yet. */
  deadline = Number.POSITIVE_INFINITY;
  readonly #tries: Tries;
  readonly #x: Exchange;
  /** It is neither over nor beaten. */
  live = true;

  constructor(tries: Tries, x: Exchange, clusterIndex: number, host: Host, budgeted: boolean) {
    this.#tries = tries;
    this.#x = x;
    this.budgeted = budgeted;
    this.startedAt = x.site.link.flusher.now;
    this.attempt = new Attempt(this, x, tries.action, clusterIndex, host, tries.buffer);
  }

  bound(at: number): void {
    this.deadline = Math.min(this.deadline, at);
  }

  requestSent(): void {
    if (this.live) this.#tries.sent(this);
  }

  resumeRequest(): void {
    if (this.live) this.#x.resumeRequest();
  }

  interim(h: ResponseHead): void {
    if (this.live) this.#tries.interim(h);
  }

  reply(h: ResponseHead, end: boolean): void {
    if (this.live) this.#tries.replied(this, h, end);
  }

  // Its reply has been taken for the client's: what follows is.

  replyData(b: Uint8Array, end: boolean): boolean {
    return !this.live || this.#x.replyData(b, end);
  }

  replyTrailers(f: Fields): void {
    if (this.live) this.#x.replyTrailers(f);
  }

  tunnel(h: ResponseHead, up: TunnelEnd): void {
    this.#tries.tunnelled(this);
    this.#x.tunnel(h, up);
  }

  attemptFailed(_a: Attempt, e: ProxyError): void {
    if (this.live) this.#tries.failed(this, e);
  }

  fail(e: ProxyError): void {
    if (this.live) this.#x.fail(e);
  }
}
