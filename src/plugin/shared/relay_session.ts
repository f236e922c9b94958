import { concatBytes } from "../../base/bytes.ts";
import type { Conn, ConnHandler } from "../../platform/types.ts";
import type { Flushable, Flusher } from "../../wire/flusher.ts";
import { BlockReader, blockHead, DATA, GONE, KILL, MARKS, RETIRE, textBlock } from "./block.ts";
import { ANSWERED, CANCELLED, ENTERED, LEFT, OPENED, readMarks, UNWATCHED, WATCHED } from "./marks.ts";

export interface SessionSide {
  /** Whole messages for the process. */
  onData(s: RelaySession, b: Uint8Array): void;
  onKill(s: RelaySession, why: string): void;
  /** The last call: the worker has ended, or needs the process no more. */
  onClosed(s: RelaySession): void;
}

/** Bytes that may wait for a worker: what its calls and windows allow is less. */
const WAITING_BYTES = 64 * 1024 * 1024;
const LF = Uint8Array.of(0x0a);
const TEXT = new TextDecoder();

/** A worker at one process of a plugin, as its supervisor sees it. Messages pass as they are; what is open is kept by their numbers. */
export class RelaySession implements ConnHandler, Flushable {
  dirty = false;
  /** The rest of its numbers. */
  readonly rest: number;
  /** Requests to the process whose answer is awaited. */
  readonly open = new Set<number>();
  readonly exchanges = new Set<number>();
  readonly watches = new Set<number>();
  /** Requests of the process that the worker is to answer, by the how many-eth each was. */
  readonly asked = new Map<number, number | string>();
  readonly #conn: Conn;
  readonly #side: SessionSide;
  readonly #flusher: Flusher;
  readonly #reader = new BlockReader((kind, payload) => this.#onBlock(kind, payload));
  #out: Uint8Array[] = [];
  #requests = 0;
  #closed = false;

  /** `conn`: to the worker; this one is its handler. */
  constructor(conn: Conn, rest: number, side: SessionSide, flusher: Flusher) {
    this.#conn = conn;
    this.rest = rest;
    this.#side = side;
    this.#flusher = flusher;
  }

  /** The worker reads too little of what it is sent. */
  get isFull(): boolean {
    return this.#conn.queued > WAITING_BYTES;
  }

  /** A message of the process. */
  pass(line: Uint8Array, bytes: Uint8Array | null): void {
    this.#out.push(line);
    if (line.at(-1) !== LF[0]) this.#out.push(LF);
    if (bytes !== null) this.#out.push(bytes);
    this.#flusher.gather(this);
  }

  /** A request of the process, for the worker to answer. */
  passRequest(id: number | string, line: Uint8Array, bytes: Uint8Array | null): void {
    this.asked.set(++this.#requests, id);
    this.pass(line, bytes);
  }

  retire(): void {
    this.flush();
    if (!this.#closed) this.#conn.write([blockHead(RETIRE, 0)]);
  }

  /** The process is gone: nothing comes any more. */
  end(why: string): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#conn.write(textBlock(GONE, why));
    this.#conn.end();
  }

  pause(): void {
    this.#conn.pause();
  }

  resume(): void {
    this.#conn.resume();
  }

  flush(): void {
    this.dirty = false;
    const out = this.#out;
    if (out.length === 0) return;
    this.#out = [];
    if (this.#closed) return;
    // A copy: each line is part of a chunk that the process wrote.
    const all = concatBytes(out);
    this.#conn.write([blockHead(DATA, all.length), all]);
  }

  // ---- ConnHandler ----

  onData(b: Uint8Array): void {
    this.#flusher.enter();
    if (!this.#closed && !this.#reader.receive(b)) this.#conn.destroy(null);
    this.#flusher.leave();
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
    if (this.#closed) return;
    if (kind === DATA) this.#side.onData(this, payload);
    else if (kind === MARKS) readMarks(payload, (k, n) => this.#mark(k, n));
    else if (kind === KILL) this.#side.onKill(this, TEXT.decode(payload));
  }

  #mark(kind: number, number: number): void {
    if (kind === OPENED) this.open.add(number);
    else if (kind === CANCELLED) this.open.delete(number);
    else if (kind === ENTERED) this.exchanges.add(number);
    else if (kind === LEFT) this.exchanges.delete(number);
    else if (kind === ANSWERED) this.asked.delete(number);
    else if (kind === WATCHED) this.watches.add(number);
    else if (kind === UNWATCHED) this.watches.delete(number);
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#out = [];
    this.#flusher.enter();
    this.#side.onClosed(this);
    this.#flusher.leave();
  }
}
