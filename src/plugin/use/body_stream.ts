import { localFault } from "../../base/error.ts";
import { Timed } from "../../base/timer_wheel.ts";
import type { Answer, BodyOut, FilterExchange, Verdict } from "../../filter/types.ts";
import { Fields } from "../../http/fields.ts";
import type { CallFault } from "../link/call.ts";
import type { Message } from "../link/message_reader.ts";
import type { Seat } from "../process/plugin_call.ts";
import type { PluginPool } from "../process/plugin_pool.ts";
import { type ActionRules, fieldFault } from "./action_rules.ts";
import { fieldsText } from "./head_text.ts";
import { readBytes, writeBytes } from "./read_bytes.ts";

/** One direction's body at a plugin, as its exchange drives it. */
export interface BodyPart {
  data(_x: FilterExchange, b: Uint8Array, end: boolean, out: BodyOut): Answer;
  trailers(x: FilterExchange, f: Fields, out: BodyOut): Answer;
}

export interface StreamUse {
  readonly pool: PluginPool;
  readonly config: number;
  readonly timeoutMs: number;
  readonly binary: boolean;
  readonly takesText: boolean;
}

/** What becomes of the exchange when the plugin fails; null: it goes on without it. */
export type StreamFailure = (phase: string, f: CallFault) => Verdict;

/*
 *   open ──"pass"──▶ passing       All that comes goes on as it is.
 *     ├──"end"─────▶ ended         What the host's own end would be has been said.
 *     └──fault─────▶ failed        By the use's policy: on as it is where nothing was lost, or given up.
 */
const OPEN = 0;
const PASSING = 1;
const ENDED = 2;
const FAILED = 3;

/** A body that streams through a plugin: pieces go there as it acknowledges them, and what it writes goes on. */
export class BodyStream extends Timed implements BodyPart {
  readonly #use: StreamUse;
  readonly #seat: Seat;
  readonly #phase: string;
  readonly #side: "request" | "response";
  readonly #fail: StreamFailure;
  /** Pieces that wait for room at the plugin, and those that it has not acknowledged, oldest first. */
  readonly #waiting: Uint8Array[] = [];
  readonly #unacknowledged: Uint8Array[] = [];
  #flying = 0;
  /** Bytes that the plugin has written and that are not credited. */
  #owed = 0;
  /** The plugin has written something, or taken without writing: what went before can't be passed on any more. */
  #touched = false;
  #ended = false;
  #endSent = false;
  #trailers: Fields | null = null;
  #state = OPEN;
  #out: BodyOut | null = null;
  /** What the plugin wrote before the first piece came: there is no place for it yet. */
  #early: { readonly params: Message; readonly frame: Uint8Array | null }[] | null = null;
  /** What a failure before the first piece has made of the exchange. */
  #lost: Verdict = null;
  #resolve: ((v: Verdict) => void) | null = null;

  constructor(use: StreamUse, seat: Seat, side: "request" | "response", fail: StreamFailure) {
    super();
    this.#use = use;
    this.#seat = seat;
    this.#side = side;
    this.#phase = `${side}Body`;
    this.#fail = fail;
  }

  data(_x: FilterExchange, b: Uint8Array, end: boolean, out: BodyOut): Answer {
    this.#begin(out);
    if (this.#state === PASSING) {
      out.write(b);
      return null;
    }
    if (end) this.#ended = true;
    // What comes behind the plugin's own end is of no use to anyone.
    if (this.#state === ENDED) return null;
    if (this.#state === FAILED) return this.#lost;
    const { streamWindow } = this.#use.pool.spec;
    for (let at = 0; at < b.length; at += streamWindow) this.#waiting.push(b.subarray(at, at + streamWindow));
    return this.#goOn();
  }

  trailers(_x: FilterExchange, f: Fields, out: BodyOut): Answer {
    this.#begin(out);
    if (this.#state !== OPEN) return this.#lost;
    this.#trailers = f;
    this.#ended = true;
    return this.#goOn();
  }

  /** The exchange is over. */
  close(): void {
    this.#state = FAILED;
    this.#use.pool.wheel.remove(this);
    this.#resolve = null;
  }

  // ---- what the plugin says ----

  taken(params: Message): void {
    const { bytes } = params as { readonly bytes?: unknown };
    if (this.#state !== OPEN) return;
    if (!Number.isInteger(bytes) || (bytes as number) < 1 || (bytes as number) > this.#flying) {
      this.#failed("invalid", `it acknowledges ${JSON.stringify(bytes)} of ${this.#flying} bytes`);
      return;
    }
    this.#flying -= bytes as number;
    this.#drop(bytes as number);
    this.#touched = true;
    this.#pump();
  }

  wrote(params: Message, frame: Uint8Array | null): void {
    if (this.#state !== OPEN) return;
    const out = this.#out;
    if (out === null) {
      this.#hold(params, frame);
      return;
    }
    const { end, pass, error, trailers } = params as { readonly [K in "end" | "pass" | "error" | "trailers"]?: unknown };
    const body = readBytes(params, frame);
    if (typeof body === "string") {
      this.#failed("invalid", body);
      return;
    }
    if (typeof error === "string") {
      this.#failed("error", error);
      return;
    }
    if (body !== null && body.length > 0 && !this.#write(body, out)) return;
    if (pass === true) this.#pass();
    else if (end === true) this.#end(out, trailersOf(trailers));
    else this.#watch();
  }

  gone(why: string): void {
    if (this.#state === OPEN) this.#failed("gone", why);
  }

  onDue(): void {
    if (this.#state === OPEN) this.#failed("timeout", "the plugin owes something of a streamed body and does nothing");
  }

  // ---- steps ----

  #begin(out: BodyOut): void {
    this.#out = out;
    const early = this.#early;
    if (early === null) return;
    this.#early = null;
    for (const { params, frame } of early) this.wrote(params, frame);
  }

  #hold(params: Message, frame: Uint8Array | null): void {
    this.#early ??= [];
    // No more of them than of bytes: empty ones take memory as well.
    if (this.#early.length < this.#use.pool.spec.streamWindow) this.#early.push({ params, frame });
    else this.#seat.process?.kill("it wrote more of a body that has not come yet than it had credit for");
  }

  #write(body: Uint8Array, out: BodyOut): boolean {
    const { pool } = this.#use;
    this.#owed += body.length;
    if (this.#owed > pool.spec.streamWindow) {
      this.#seat.process?.kill(`it wrote more of a body than it had credit for: ${this.#owed} bytes`);
      return false;
    }
    this.#touched = true;
    out.write(body);
    const bytes = body.length;
    out.whenRoom(() => this.#credit(bytes));
    return true;
  }

  #credit(bytes: number): void {
    if (this.#state !== OPEN) return;
    this.#owed -= bytes;
    this.#seat.process?.link.notify(`${this.#side}Taken`, `{"x":${this.#seat.x},"bytes":${bytes}}`);
    this.#watch();
  }

  /** Sends what may be sent. A promise: the sender waits until there is room, or until the plugin has ended the body. */
  #goOn(): Answer {
    this.#pump();
    if (!this.#isHeldUp()) return null;
    return new Promise<Verdict>((resolve) => {
      this.#resolve = resolve;
    });
  }

  #isHeldUp(): boolean {
    return this.#state === OPEN && (this.#waiting.length > 0 || this.#ended);
  }

  #pump(): void {
    const { pool, binary, takesText, config } = this.#use;
    const link = this.#seat.process?.link;
    if (link === undefined || this.#state !== OPEN) return;
    const method = `${this.#side}Data`;
    while (this.#waiting.length > 0 && this.#flying + this.#waiting[0]!.length <= pool.spec.streamWindow) {
      const b = this.#waiting.shift()!;
      this.#unacknowledged.push(b);
      this.#flying += b.length;
      const head = `{"x":${this.#seat.x},"config":${config}`;
      if (binary) link.notify(method, `${head}}`, b);
      else link.notify(method, `${head},${writeBytes(b, takesText)}}`);
    }
    if (this.#ended && !this.#endSent && this.#waiting.length === 0) {
      this.#endSent = true;
      const trailers = this.#trailers === null ? "" : `,"trailers":${fieldsText(this.#trailers, "*")}`;
      link.notify(method, `{"x":${this.#seat.x},"config":${config},"end":true${trailers}}`);
    }
    this.#watch();
    if (!this.#isHeldUp()) this.#settle(null);
  }

  /** The plugin has its time again, as long as it owes something. While credit of its own is kept back, it may be waiting for that. */
  #watch(): void {
    const { pool, timeoutMs } = this.#use;
    const owes = this.#state === OPEN && this.#owed === 0 && (this.#flying > 0 || this.#endSent);
    if (owes) pool.wheel.schedule(this, pool.now() + timeoutMs);
    else pool.wheel.remove(this);
  }

  #drop(bytes: number): void {
    let left = bytes;
    while (left > 0) {
      const first = this.#unacknowledged[0]!;
      if (first.length > left) {
        this.#unacknowledged[0] = first.subarray(left);
        return;
      }
      left -= first.length;
      this.#unacknowledged.shift();
    }
  }

  #pass(): void {
    this.#state = PASSING;
    this.#use.pool.wheel.remove(this);
    const out = this.#out!;
    for (const b of this.#unacknowledged) out.write(b);
    for (const b of this.#waiting) out.write(b);
    if (this.#ended) out.end(this.#trailers ?? undefined);
    this.#settle(null);
  }

  #end(out: BodyOut, trailers: Fields | null): void {
    this.#state = ENDED;
    this.#use.pool.wheel.remove(this);
    out.end(trailers ?? this.#trailers ?? undefined);
    this.#settle(null);
  }

  #failed(outcome: CallFault["outcome"], message: string): void {
    const verdict = this.#fail(this.#phase, { outcome, message });
    const goesOn = (verdict === null || verdict === undefined) && !this.#touched;
    if (goesOn) {
      this.#pass();
      return;
    }
    this.#state = FAILED;
    this.#use.pool.wheel.remove(this);
    // A part of the body is lost: there is no way on, whatever the policy says.
    const e = verdict instanceof Error ? verdict : LOST;
    if (this.#resolve !== null) this.#settle(e);
    else if (this.#out !== null) this.#out.reset(e);
    else this.#lost = e;
  }

  #settle(v: Verdict): void {
    const resolve = this.#resolve;
    this.#resolve = null;
    resolve?.(v);
  }
}

const LOST = localFault("filterFailed", 503, "a plugin failed in the middle of a body");

function trailersOf(raw: unknown): Fields | null {
  if (!Array.isArray(raw)) return null;
  const fields = Fields.empty();
  for (const f of raw as readonly unknown[]) {
    if (!Array.isArray(f) || typeof f[0] !== "string" || typeof f[1] !== "string") continue;
    if (fieldFault(f[0], f[1], TRAILER_RULES) === null) fields.add(f[0], f[1]);
  }
  return fields;
}

const TRAILER_RULES: ActionRules = { side: "response", authority: false, clusters: new Set() };
