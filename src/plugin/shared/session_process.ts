import type { Conn, ConnHandler } from "../../platform/types.ts";
import type { Message } from "../link/message_reader.ts";
import type { LinkOwner, LinkTimes } from "../link/plugin_link.ts";
import type { Numbering, PoolProcess, ProcessHearer } from "../process/pool_process.ts";
import { StrayLimit, TOO_MANY_STRAY } from "../process/stray_limit.ts";
import type { InitializeResult } from "../protocol/initialize.ts";
import { BlockReader, blockHead, DATA, GONE, KILL, MARKS, RETIRE, textBlock } from "./block.ts";
import { ENTERED, encodeMarks, LEFT } from "./marks.ts";
import type { SharedProcessFacts } from "./plugin_news.ts";
import { SessionLink } from "./session_link.ts";

export interface SessionOwner {
  onRetired(p: SessionProcess): void;
  /** The last call. */
  onGone(p: SessionProcess, why: string): void;
}

const TEXT = new TextDecoder();

/** A process of a plugin that belongs to the supervisor, as one of its workers has it: to calls it is like one of the worker's own. */
export class SessionProcess implements PoolProcess, LinkOwner, ConnHandler {
  readonly index: number;
  readonly pid: number;
  readonly info: InitializeResult;
  readonly link: SessionLink;
  readonly #conn: Conn;
  readonly #times: LinkTimes;
  readonly #owner: SessionOwner;
  readonly #hearer: ProcessHearer;
  readonly #reader = new BlockReader((kind, payload) => this.#onBlock(kind, payload));
  readonly #stray: StrayLimit;
  #marks: number[] = [];
  #exchanges = 0;
  #why = "";
  #gone = false;

  /** `conn`: to the supervisor; this one is its handler. */
  constructor(
    conn: Conn,
    { index, pid, info }: SharedProcessFacts,
    ids: Numbering,
    times: LinkTimes,
    messageBytes: number,
    owner: SessionOwner,
    hearer: ProcessHearer,
  ) {
    this.index = index;
    this.pid = pid;
    this.info = JSON.parse(info) as InitializeResult;
    this.#conn = conn;
    this.#times = times;
    this.#owner = owner;
    this.#hearer = hearer;
    this.#stray = new StrayLimit(() => times.flusher.now);
    this.link = new SessionLink(this, times, messageBytes, ids, (kind, number) => this.#marks.push(kind, number));
    if (this.info.capabilities?.binary === true) this.link.allowFrames();
  }

  get exchanges(): number {
    return this.#exchanges;
  }

  get queued(): number {
    return this.#conn.queued;
  }

  enter(x: number): void {
    this.#exchanges++;
    this.#marks.push(ENTERED, x);
  }

  exit(x: number): void {
    this.#exchanges--;
    this.#marks.push(LEFT, x);
  }

  leave(): void {
    if (this.#gone) return;
    // What was said last is said.
    this.link.flush();
    this.#conn.end();
    this.#end("it is of no more use");
  }

  kill(why: string): void {
    if (this.#gone) return;
    this.#conn.write(textBlock(KILL, why));
    this.#conn.end();
    this.#end(why);
  }

  // ---- LinkOwner ----

  write(b: Uint8Array): void {
    const head = blockHead(DATA, b.length);
    if (this.#marks.length === 0) {
      this.#conn.write([head, b]);
      return;
    }
    const marks = encodeMarks(this.#marks);
    this.#marks = [];
    this.#conn.write([blockHead(MARKS, marks.length), marks, head, b]);
  }

  onNotice(method: string, params: Message, bytes: Uint8Array | null, line: Uint8Array): void {
    // The supervisor lets pass what belongs to an exchange, and knows nothing of streams.
    if (!this.#hearer.onNotice(this, method, params, bytes, line) && !this.#stray.take()) this.kill(TOO_MANY_STRAY);
  }

  onRequest(id: number | string, method: string, params: Message, bytes: Uint8Array | null, line: Uint8Array): void {
    this.link.asked(id);
    this.#hearer.onRequest(this, id, method, params, bytes, line);
  }

  /** The supervisor counts those. */
  onUnasked(): void {}

  onBroken(why: string): void {
    this.kill(`found ${why}`);
  }

  // ---- ConnHandler ----

  onData(b: Uint8Array): void {
    if (this.#gone) return;
    const { flusher } = this.#times;
    flusher.enter();
    if (!this.#reader.receive(b)) this.#conn.destroy(null);
    flusher.leave();
  }

  onDrain(): void {}

  onEnd(): void {
    this.#conn.end();
    this.#ended();
  }

  onClose(): void {
    this.#ended();
  }

  #onBlock(kind: number, payload: Uint8Array): void {
    if (this.#gone) return;
    if (kind === DATA) this.link.receive(payload);
    else if (kind === GONE) this.#why = TEXT.decode(payload);
    else if (kind === RETIRE) this.#owner.onRetired(this);
  }

  #ended(): void {
    const { flusher } = this.#times;
    flusher.enter();
    this.#end(this.#why === "" ? "the supervisor that had it is gone" : this.#why);
    flusher.leave();
  }

  #end(why: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.link.close({ outcome: "gone", message: why });
    this.#owner.onGone(this, why);
  }
}
