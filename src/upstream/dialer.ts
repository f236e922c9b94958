import type { ProxyError } from "../base/error.ts";
import type { ClusterSpec, SentProxyHeaderSpec } from "../config/model.ts";
import type { Address, Conn, DialHandler, DialOptions, Platform, Timer } from "../platform/types.ts";
import { dialError, dialFamilyError, dialTimeout, type Outcome } from "./dial_error.ts";
import { ipFamily } from "./host.ts";
import { sentHeader } from "./sent_header.ts";
import type { DialClient, Host, UpstreamTls } from "./types.ts";

/** Time that an attempt has before the next address is tried beside it: the Connection Attempt Delay of RFC 8305 5 (100 ms to 2 s, 250 advised). */
export const ATTEMPT_DELAY_MS = 250;

/** Made once for a cluster: one object serves every dial. */
export interface HostDialOptions extends DialOptions {
  /** For all addresses together. */
  readonly connectTimeoutMs: number;
}

export interface Dial {
  /** Ends all attempts; the handler hears nothing more. Does nothing after the handler's `onOpen` or `onClose`. */
  cancel(): void;
}

/** What the cluster says of dialling. */
export function hostDialOptions(spec: ClusterSpec): HostDialOptions {
  const keepAlive = spec.keepAliveMs === null ? null : { idleMs: spec.keepAliveMs };
  return spec.source === null
    ? { connectTimeoutMs: spec.connectTimeoutMs, keepAlive }
    : { connectTimeoutMs: spec.connectTimeoutMs, keepAlive, source: spec.source };
}

/** What a cluster's connections begin with. */
export interface DialBegin {
  readonly dial: HostDialOptions;
  /** null: cleartext. */
  readonly tls: UpstreamTls | null;
  /** null: none. */
  readonly proxyHeader: SentProxyHeaderSpec | null;
}

/** The options for one host: with TLS, the context of now and the host's name; with a PROXY header, the one for this client. */
export function optionsFor(begin: DialBegin, host: Host, client: DialClient | null): HostDialOptions {
  const { dial, tls, proxyHeader } = begin;
  const options = tls === null ? dial : { ...dial, tls: { context: tls.context, serverName: nameOf(tls, host) } };
  return proxyHeader === null ? options : { ...options, first: sentHeader(proxyHeader, client) };
}

function nameOf(tls: UpstreamTls, { endpoint: { address } }: Host): string {
  return tls.serverName ?? (address.kind === "tcp" ? address.host : "");
}

/**
 * Connects to a host. With several addresses they race (RFC 8305 5): the next starts when one fails, or beside it after 250 ms; the first
 * to open wins and the others are closed. Either `onOpen` is called, and from then on the handler is the connection's, or `onClose` with
 * an error that names every address tried: `connectRefused`, `connectTimeout`, `connectFailed` or `noDescriptors`, all with retry `always`.
 */
export function dialHost(platform: Platform, host: Host, options: HostDialOptions, handler: DialHandler): Dial {
  const { addresses } = host;
  if (addresses.length === 1 && (options.source === undefined || fits(addresses[0]!, options.source))) {
    return new SingleDial(platform, addresses[0]!, options, handler);
  }
  return new DialRace(platform, host, options, handler);
}

/** The common case: one address, one timer, one handler in between until it is open. */
class SingleDial implements Dial, DialHandler {
  readonly #address: Address;
  readonly #options: HostDialOptions;
  readonly #timer: Timer;
  readonly #attempt: Dial;
  #handler: DialHandler | null;

  constructor(platform: Platform, address: Address, options: HostDialOptions, handler: DialHandler) {
    this.#address = address;
    this.#options = options;
    this.#handler = handler;
    this.#timer = platform.setTimer(options.connectTimeoutMs, () => this.#expire());
    this.#attempt = platform.dial(address, options, this);
  }

  onOpen(c: Conn): void {
    const handler = this.#handler;
    if (handler === null) {
      c.destroy(null);
      return;
    }
    this.#handler = null;
    this.#timer.cancel();
    c.setHandler(handler);
    handler.onOpen(c);
  }

  onClose(cause: ProxyError | null): void {
    const handler = this.#handler;
    if (handler === null) return;
    this.#handler = null;
    this.#timer.cancel();
    handler.onClose(dialError([{ address: this.#address, error: cause }]));
  }

  cancel(): void {
    if (this.#handler === null) return;
    this.#handler = null;
    this.#timer.cancel();
    this.#attempt.cancel();
  }

  #expire(): void {
    const handler = this.#handler;
    if (handler === null) return;
    this.#handler = null;
    this.#attempt.cancel();
    handler.onClose(dialTimeout([{ address: this.#address, error: null }], this.#options.connectTimeoutMs));
  }

  // Nothing comes before onOpen, and then the handler has been handed over.
  onData(): void {}
  onDrain(): void {}
  onEnd(): void {}
}

/**
 * Happy Eyeballs over a host's addresses.
 *
 *   racing ── an attempt opens ──────────────► done (onOpen)
 *     │ ├──── last attempt failed ───────────► done (onClose)
 *     │ ├──── connect timeout ───────────────► done (onClose)
 *     │ └──── cancel ────────────────────────► done (silent)
 *     └ an attempt fails, or 250 ms pass: the next address starts
 */
class DialRace implements Dial {
  readonly #platform: Platform;
  readonly #host: Host;
  readonly #options: HostDialOptions;
  readonly #order: readonly number[];
  readonly #attempts: Attempt[] = [];
  readonly #deadline: Timer;
  #stagger: Timer | null = null;
  /** null: done. */
  #handler: DialHandler | null;
  #started = 0;
  #open = 0;

  constructor(platform: Platform, host: Host, options: HostDialOptions, handler: DialHandler) {
    this.#platform = platform;
    this.#host = host;
    this.#options = options;
    this.#handler = handler;
    this.#order = dialOrder(host, options.source);
    this.#deadline = platform.setTimer(this.#order.length === 0 ? 0 : options.connectTimeoutMs, () => this.#expire());
    this.#startNext();
  }

  cancel(): void {
    if (this.#handler !== null) this.#finish(null);
  }

  opened(attempt: Attempt, c: Conn): void {
    const handler = this.#handler;
    if (handler === null) {
      c.destroy(null);
      return;
    }
    this.#finish(attempt);
    this.#host.preferred = attempt.index;
    c.setHandler(handler);
    handler.onOpen(c);
  }

  failed(): void {
    const handler = this.#handler;
    if (handler === null) return;
    this.#open--;
    if (this.#startNext() || this.#open > 0) return;
    const outcomes = this.#outcomes();
    this.#finish(null);
    handler.onClose(dialError(outcomes));
  }

  /** Whether there was another address to start with. */
  #startNext(): boolean {
    this.#stagger?.cancel();
    this.#stagger = null;
    if (this.#started === this.#order.length) return false;
    const index = this.#order[this.#started++]!;
    const attempt = new Attempt(this, index);
    this.#attempts.push(attempt);
    this.#open++;
    if (this.#started < this.#order.length) this.#stagger = this.#platform.setTimer(ATTEMPT_DELAY_MS, () => this.#startNext());
    attempt.start(this.#platform, this.#host.addresses[index]!, this.#options);
    return true;
  }

  #expire(): void {
    const handler = this.#handler;
    if (handler === null) return;
    const outcomes = this.#outcomes();
    this.#finish(null);
    const { source, connectTimeoutMs } = this.#options;
    handler.onClose(
      outcomes.length === 0 ? dialFamilyError(this.#host.addresses, source ?? "") : dialTimeout(outcomes, connectTimeoutMs),
    );
  }

  #finish(winner: Attempt | null): void {
    this.#handler = null;
    this.#deadline.cancel();
    this.#stagger?.cancel();
    this.#stagger = null;
    for (const a of this.#attempts) if (a !== winner) a.cancel();
  }

  #outcomes(): Outcome[] {
    return this.#attempts.map((a) => ({ address: this.#host.addresses[a.index]!, error: a.error }));
  }
}

class Attempt implements DialHandler {
  readonly index: number;
  error: ProxyError | null = null;
  readonly #race: DialRace;
  #dial: Dial | null = null;
  #over = false;

  constructor(race: DialRace, index: number) {
    this.#race = race;
    this.index = index;
  }

  start(platform: Platform, address: Address, options: DialOptions): void {
    this.#dial = platform.dial(address, options, this);
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#dial?.cancel();
  }

  onOpen(c: Conn): void {
    this.#over = true;
    this.#race.opened(this, c);
  }

  onClose(cause: ProxyError | null): void {
    if (this.#over) return;
    this.#over = true;
    this.error = cause;
    this.#race.failed();
  }

  // Nothing comes before onOpen, and then the handler has been handed over.
  onData(): void {}
  onDrain(): void {}
  onEnd(): void {}
}

/** Indexes into the host's addresses: the one that connected last, then the others as listed; without those that the source can't reach. */
function dialOrder(host: Host, source: string | undefined): number[] {
  const order: number[] = [];
  const first = host.preferred ?? 0;
  for (let i = 0; i < host.addresses.length; i++) {
    if (source !== undefined && !fits(host.addresses[i]!, source)) continue;
    if (i === first) order.unshift(i);
    else order.push(i);
  }
  return order;
}

function fits(address: Address, source: string): boolean {
  return address.kind === "unix" || ipFamily(address.host) === ipFamily(source);
}
