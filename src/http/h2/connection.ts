import { NO_BYTES } from "../../base/bytes.ts";
import type { ProxyError } from "../../base/error.ts";
import type { Slab } from "../../base/slab.ts";
import type { ByteFace, Clock } from "../codec.ts";
import type { Fields } from "../fields.ts";
import { BUDGET, Budgets } from "./budgets.ts";
import { controlFrame } from "./control_in.ts";
import { DataIn } from "./data_in.ts";
import { ENHANCE_YOUR_CALM, type FrameFault, NO_ERROR, PROTOCOL_ERROR, SETTINGS_TIMEOUT } from "./error_codes.ts";
import { BEHIND_END, IDLE_STREAM, MALFORMED_BLOCK } from "./faults.ts";
import { FrameOutput } from "./frame_output.ts";
import { FrameReader, type FrameSink } from "./frame_reader.ts";
import { CONTINUATION, FIRST_WINDOW, FLAG_END_STREAM, HEADERS } from "./frame_types.ts";
import { HeaderFrames } from "./header_frames.ts";
import { CONNECTION_FIELDS } from "./hidden_fields.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import type { HeaderBlock } from "./hpack/header_block.ts";
import {
  BLOCK_BYTES_FACTOR,
  type BudgetCause,
  CONNECTION_WINDOW,
  type H2Limits,
  HEADER_TABLE_BYTES,
  OUTPUT_HIGH,
  STALL_LEAST,
} from "./limits.ts";
import { SendQueue } from "./send_queue.ts";
import { PeerSettings } from "./settings.ts";
import { type H2Stream, L_ENDED, type StreamOwner } from "./stream.ts";
import { RESET_BY_US, StreamTable, UNKNOWN } from "./stream_table.ts";
import { PING_DRAIN, PING_KEEPALIVE, Timers } from "./timers.ts";

/** What both roles are told. Times are milliseconds; Infinity: never. */
export interface H2Options {
  readonly limits: H2Limits;
  /** Decodes heads into; any number of connections share one, as a block is read at once. Made with the limits' bytes and fields. */
  readonly block: HeaderBlock;
  /** A connection without a stream. */
  readonly idleMs: number;
  /** From the start to the peer's first SETTINGS; to its answer to ours; from a head's first byte to its last. */
  readonly headMs: number;
  /** While data waits for the peer's window: see `STALL_LEAST`. */
  readonly stallMs: number;
  /** A PING when nothing was received for so long; how long its answer may take. */
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly slab: Slab;
  /** Set by the owner before each call. */
  readonly clock: Clock;
  /** A budget was gone past: to be counted by its cause. The connection ends with it. */
  readonly onBudget: (cause: BudgetCause) => void;
}

/** Kinds of time that a connection can run out of. */
export type TimeFault = "head" | "settings" | "ping" | "idle";

const NEVER = Number.POSITIVE_INFINITY;

/*
 *   OPEN ──fault, time, budget: GOAWAY──▶ stopped (what comes is dropped)
 *     └──GOAWAY of either side, FIN: leaving, no new streams ──when the last has ended──▶ wantsClose
 */

/**
 * A connection in either role (RFC 9113): frames, windows, settings, time. What a header block means is the role's matter. What is neither
 * of `ByteFace` nor of `StreamOwner` is for the parts of the codec.
 */
export abstract class H2Connection implements ByteFace, FrameSink, StreamOwner {
  stopped = false;
  readonly out: FrameOutput;
  readonly streams: StreamTable = new StreamTable();
  readonly peer: PeerSettings;
  readonly budgets: Budgets;
  readonly queue: SendQueue;
  protected readonly encoder: HpackEncoder = new HpackEncoder(HEADER_TABLE_BYTES);
  protected readonly timers: Timers = new Timers();
  /** No new streams: the connection closes with its last one. */
  protected leaving = false;
  readonly #o: H2Options;
  readonly #decoder: HpackDecoder = new HpackDecoder(HEADER_TABLE_BYTES);
  readonly #reader: FrameReader = new FrameReader(this);
  readonly #headers: HeaderFrames;
  readonly #data: DataIn = new DataIn(this);
  /** The peer's SETTINGS have come. */
  #settled = false;
  /** The fault that `receive` or `tick` returns. */
  #fault: ProxyError | null = null;
  /** Streams with something to hand to their readers. */
  readonly #readable: H2Stream[] = [];
  /** What had been written when the socket stopped taking output. */
  #writtenBefore = 0;

  constructor(o: H2Options, peerIsServer: boolean) {
    const { now } = o.clock;
    this.#o = o;
    this.out = new FrameOutput(o.slab);
    this.budgets = new Budgets(o.limits, o.clock);
    this.queue = new SendQueue(this.out, this.budgets, o.clock, o.stallMs);
    this.peer = new PeerSettings(peerIsServer, (bytes) => this.encoder.setPeerTableSize(bytes));
    this.#headers = new HeaderFrames(o.limits.headBytes * BLOCK_BYTES_FACTOR);
    this.timers.setup = this.timers.settingsAck = now + o.headMs;
    this.timers.ping = now + o.keepaliveMs;
  }

  // ---- what the roles say ----

  /** A header block: it must be decoded, whatever becomes of it, so that the tables stay in step. */
  protected abstract onBlock(h: HeaderFrames): void;
  /** Whether the stream has not been opened by who may. */
  abstract isIdle(id: number): boolean;
  /** The highest id of the peer's streams that was worked on, for GOAWAY. */
  protected abstract get lastId(): number;
  abstract onGoAway(lastId: number, code: number): void;
  /** Errors for what the peer did: to the connection, past a budget, to one stream; and for time that ran out. */
  protected abstract connectionFault(f: FrameFault): ProxyError;
  protected abstract floodFault(cause: BudgetCause): ProxyError;
  protected abstract streamFault(f: FrameFault): ProxyError;
  abstract resetFault(s: H2Stream, code: number): ProxyError;
  /** Whether the peer's RST_STREAM with this code stands in END_STREAM's place. */
  abstract endsByReset(s: H2Stream, code: number): boolean;
  protected abstract timeFault(kind: TimeFault): ProxyError;

  // ---- ByteFace ----

  get deadline(): number {
    return this.timers.next;
  }

  get wantsRead(): boolean {
    return this.stopped || this.queue.flushed || this.out.written - this.#writtenBefore < OUTPUT_HIGH;
  }

  get wantsClose(): boolean {
    return this.stopped || (this.leaving && this.streams.size === 0);
  }

  /** A stream that is cut short says so by itself: no connection has to. */
  get failure(): ProxyError | null {
    return null;
  }

  get hasInput(): boolean {
    return !this.stopped && (this.#readable.length > 0 || this.budgets.exceeded !== null || this.queue.ready);
  }

  receive(b: Uint8Array): ProxyError | null {
    if (this.stopped) return null;
    this.#fault = null;
    this.#deliver();
    if (b.length > 0) this.#read(b);
    if (!this.stopped) this.queue.pump();
    this.#settle();
    return this.#fault;
  }

  abstract receiveEnd(): ProxyError | null;

  tick(): ProxyError | null {
    if (this.stopped) return null;
    this.#fault = null;
    const { timers } = this;
    const { now } = this.#o.clock;
    if (now >= timers.setup || now >= timers.frame) this.end(PROTOCOL_ERROR, this.timeFault("head"));
    else if (now >= timers.settingsAck) this.end(SETTINGS_TIMEOUT, this.timeFault("settings"));
    else if (now >= timers.pingAck) this.end(NO_ERROR, this.timeFault("ping"));
    else if (now >= timers.idle) this.end(NO_ERROR, this.timeFault("idle"));
    else {
      if (now >= timers.drain) this.drain("last");
      if (now >= timers.ping) this.keepAlive(now);
      if (now >= timers.streams) this.#sweep(now);
      this.#settle();
    }
    return this.#fault;
  }

  takeOutput(into: Uint8Array[]): void {
    this.out.take(into);
  }

  setFlushed(flushed: boolean): void {
    const { queue } = this;
    if (queue.flushed === flushed) return;
    queue.flushed = flushed;
    this.#writtenBefore = this.out.written;
    if (flushed && !this.stopped) queue.pump();
  }

  abstract drain(stage: "announce" | "last"): void;

  abstract lost(e: ProxyError): void;

  /** A tunnel is a stream here: no connection is given away. */
  detach(): Uint8Array {
    return NO_BYTES;
  }

  // ---- FrameSink ----

  get block(): number {
    return this.#headers.open;
  }

  onFrameFault(f: FrameFault): void {
    this.end(f.code, this.connectionFault(f), f.text);
  }

  onUnknownFrame(): void {
    this.budgets.take(BUDGET.otherFrames);
    this.#calm();
  }

  onDataFrame(id: number, length: number, flags: number): void {
    this.#data.begin(id, length, flags);
    this.#calm();
  }

  onPadding(bytes: number): void {
    this.#data.padding(bytes);
  }

  onData(b: Uint8Array, last: boolean): void {
    this.#data.data(b, last);
    this.#calm();
  }

  onFrame(type: number, flags: number, id: number, b: Uint8Array, from: number, to: number): void {
    const headers = this.#headers;
    if (type === HEADERS) {
      const fault = headers.headers(flags, id, b, from, to);
      if (fault !== null) this.onFrameFault(fault);
      else if (headers.open === 0) this.onBlock(headers);
    } else if (type === CONTINUATION) {
      if (!headers.continuation(flags, b, from, to)) this.budgets.exceeded ??= "continuation";
      else if (this.budgets.take(BUDGET.continuation) && headers.open === 0) this.onBlock(headers);
    } else controlFrame(this, type, flags, id, b, from, to);
    this.#calm();
  }

  // ---- StreamOwner ----

  get crowded(): boolean {
    return this.queue.crowded;
  }

  sendData(s: H2Stream, b: Uint8Array, end: boolean): number {
    return this.queue.send(s, b, end);
  }

  sendTrailers(s: H2Stream, f: Fields): void {
    const b = this.out.beginBlock(HpackEncoder.bound([], f));
    this.out.endBlock(s.id, FLAG_END_STREAM, this.encoder.encodeTrailers(b, this.out.blockAt, f, CONNECTION_FIELDS));
    this.budgets.moved++;
  }

  sendEnd(s: H2Stream): void {
    if (!this.out.endLast(s.id)) this.out.dataHead(s.id, 0, true);
  }

  sendReset(s: H2Stream, code: number): void {
    this.out.resetStream(s.id, code);
  }

  sendWindow(s: H2Stream, increment: number): void {
    this.out.windowUpdate(s.id, increment);
  }

  held(bytes: number): void {
    this.#data.window.hold(bytes);
    if (bytes < 0) this.#data.grant();
  }

  readable(s: H2Stream): void {
    this.#readable.push(s);
  }

  watch(at: number): void {
    if (at < this.timers.streams) this.timers.streams = at;
  }

  closed(s: H2Stream, resetByUs: boolean): void {
    this.queue.drop(s);
    this.streams.remember(s.id, resetByUs);
    if (s.local === L_ENDED && s.remoteEnded) this.budgets.served++;
  }

  forget(s: H2Stream): void {
    this.streams.remove(s);
    if (this.streams.size === 0) this.#rest();
  }

  // ---- for the parts and the roles ----

  /** A fault of the peer's on one stream: RST_STREAM, and whoever has it in hand is told (RFC 9113 5.4.2). */
  refuse(s: H2Stream, f: FrameFault): void {
    this.provoked();
    s.abandon(f.code);
    s.fail(this.streamFault(f));
  }

  /** The peer has reset a stream or made us do it, and the work for it is lost: that costs it (CVE-2023-44487, CVE-2025-8671). */
  abstract provoked(): void;

  onSettings(): void {
    this.timers.setup = NEVER;
    if (this.#settled) return;
    this.#settled = true;
    if (this.streams.size === 0) this.#rest();
  }

  onSettingsAck(): void {
    this.timers.settingsAck = NEVER;
    this.#decoder.acknowledged();
  }

  onPingAck(payload: number): void {
    if (payload === PING_DRAIN && this.timers.drain !== NEVER) this.drain("last");
  }

  /** The bytes of a client's preface, where this side is to read one; offset behind it. */
  protected readPreface(_b: Uint8Array): number {
    return 0;
  }

  /** Our SETTINGS, and the connection's window, which they do not tell (RFC 9113 6.9.2). */
  protected sendSettings(pairs: readonly number[]): void {
    this.out.settings(pairs);
    this.out.windowUpdate(0, CONNECTION_WINDOW - FIRST_WINDOW);
  }

  protected addStream(s: H2Stream): void {
    this.streams.add(s);
    this.timers.idle = NEVER;
  }

  /** The time for a sign of life has come. */
  protected keepAlive(now: number): void {
    const { timers } = this;
    this.out.ping(PING_KEEPALIVE);
    timers.ping = NEVER;
    timers.pingAck = now + this.#o.keepaliveTimeoutMs;
  }

  /** Decodes the block into the options' `block`; false: it can't be, and the connection has ended. */
  protected decode(h: HeaderFrames, kind: "request" | "response" | "trailers"): boolean {
    const { block } = this.#o;
    block.start(kind);
    const r = this.#decoder.decode(h.bytes, h.from, h.to, block);
    h.clear();
    if (r >= 0) return true;
    this.onFrameFault(MALFORMED_BLOCK);
    return false;
  }

  /** HEADERS on a stream that has ended (RFC 9113 5.1), or was passed over (5.1.1); null: it is to be ignored. */
  protected strayHeaders(id: number): FrameFault | null {
    const how = this.streams.howEnded(id);
    if (how === RESET_BY_US) {
      this.budgets.take(BUDGET.strayHeads);
      return null;
    }
    return how === UNKNOWN ? IDLE_STREAM : BEHIND_END;
  }

  /** Ends the connection: GOAWAY, and each stream is told. */
  protected end(code: number, e: ProxyError, text = ""): void {
    if (this.stopped) return;
    this.out.goAway(this.lastId, code, text);
    this.stop();
    this.#fault = e;
    for (const s of this.streams.all()) this.cutOff(s, e);
  }

  protected stop(): void {
    this.stopped = this.leaving = true;
    this.timers.clear();
  }

  /** A stream that can't go on, as its connection can't. */
  protected cutOff(s: H2Stream, e: ProxyError): void {
    s.close(false);
    s.fail(e);
  }

  /** A stream's body is late, or the peer's window for it: it is given up. */
  protected abstract onBodyLate(s: H2Stream): void;
  protected abstract onStalled(s: H2Stream): void;

  #read(b: Uint8Array): void {
    const { timers } = this;
    const { now } = this.#o.clock;
    // Whatever comes shows that the peer is there.
    timers.ping = now + this.#o.keepaliveMs;
    timers.pingAck = NEVER;
    const at = this.readPreface(b);
    if (at < b.length) this.#reader.read(b, at);
    if (this.stopped) return;
    const partial = this.#reader.midFrame || this.#headers.open !== 0;
    if (!partial) timers.frame = NEVER;
    else if (timers.frame === NEVER) timers.frame = now + this.#o.headMs;
  }

  #deliver(): void {
    const readable = this.#readable;
    if (readable.length === 0) return;
    // Whoever credits at once comes again in the same pass.
    for (let i = 0; i < readable.length; i++) readable[i]!.deliver();
    readable.length = 0;
  }

  #rest(): void {
    if (this.#settled && !this.leaving) this.timers.idle = this.#o.clock.now + this.#o.idleMs;
  }

  #settle(): void {
    this.#calm();
    if (this.wantsClose) this.timers.clear();
  }

  #calm(): void {
    const cause = this.budgets.exceeded;
    if (cause === null || this.stopped) return;
    this.#o.onBudget(cause);
    this.end(ENHANCE_YOUR_CALM, this.floodFault(cause), cause);
  }

  #sweep(now: number): void {
    this.timers.streams = NEVER;
    for (const s of this.streams.all()) {
      if (s.wireClosed) continue;
      if (now >= s.bodyAt) {
        // While the reader holds bytes back it is not the peer who is slow.
        if (s.receiveWindow > 0 && this.#data.window.available > 0) this.onBodyLate(s);
        else s.moved();
      }
      if (now >= s.stallAt) {
        if (this.queue.flushed && s.stallSent < STALL_LEAST) this.onStalled(s);
        else {
          s.stallSent = 0;
          s.stallAt = now + this.queue.patience;
        }
      }
      this.watch(Math.min(s.bodyAt, s.stallAt));
    }
  }
}
