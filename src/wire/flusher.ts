import type { Clock } from "../http/codec.ts";

/** Something with output that waits for the end of the current event. */
export interface Flushable {
  /** Set while it is listed. */
  dirty: boolean;
  flush(): void;
}

/**
 * Collects what one event (a chunk, a deadline, a resolved promise) makes connections send, and sends it when the event is over: a head
 * and its body leave in one system call, and no codec is called from inside its own output. It also reads the clock once an event.
 */
export class Flusher implements Clock {
  now: number;
  readonly #read: () => number;
  readonly #afterTurn: ((f: () => void) => void) | null;
  readonly #list: Flushable[] = [];
  #gathered: Flushable[] = [];
  #depth = 0;
  #queued = false;

  /** `afterTurn`: as the platform's. */
  constructor(read: () => number, afterTurn: ((f: () => void) => void) | null = null) {
    this.#read = read;
    this.#afterTurn = afterTurn;
    this.now = read();
  }

  /** Every call from the platform goes between `enter` and `leave`. */
  enter(): void {
    if (this.#depth++ === 0) this.now = this.#read();
  }

  leave(): void {
    if (--this.#depth === 0) this.#run();
  }

  /** Lists `f` for the end of this event; outside of one (in a promise's continuation) for the end of this turn's microtasks. */
  mark(f: Flushable): void {
    if (f.dirty) return;
    f.dirty = true;
    this.#list.push(f);
    if (this.#depth > 0 || this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      this.now = this.#read();
      if (this.#depth === 0) this.#run();
    });
  }

  /**
   * Lists `f` for the end of this turn, when all events that were due have been told: for a connection whose streams are moved by events
   * of many others. Its frames then leave in one system call, and over TLS in one record.
   */
  gather(f: Flushable): void {
    if (this.#afterTurn === null) {
      this.mark(f);
      return;
    }
    if (f.dirty) return;
    f.dirty = true;
    if (this.#gathered.push(f) === 1) this.#afterTurn(this.#turned);
  }

  readonly #turned = (): void => {
    this.enter();
    const gathered = this.#gathered;
    this.#gathered = [];
    for (let i = 0; i < gathered.length; i++) this.#list.push(gathered[i]!);
    this.leave();
  };

  #run(): void {
    const list = this.#list;
    // Flushing may list others (pipelined requests): they follow in the same pass.
    this.#depth++;
    let i = 0;
    try {
      for (; i < list.length; i++) {
        const f = list[i]!;
        f.dirty = false;
        f.flush();
      }
    } finally {
      this.#depth--;
      if (i < list.length) {
        // A throw: the rest must still be sent.
        list.splice(0, i + 1);
        if (list.length > 0) queueMicrotask(() => this.#run());
      } else list.length = 0;
    }
  }
}
