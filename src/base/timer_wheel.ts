/** Something with a deadline. `dueAt` is the wheel's own note of when it will look at the entry next. */
export abstract class Timed {
  dueAt = Number.POSITIVE_INFINITY;
  wheelPrev: Timed | null = null;
  wheelNext: Timed | null = null;
  wheelSlot = -1;
  /** Called once when due; the entry has left the wheel and may be scheduled again. */
  abstract onDue(now: number): void;
}

/** `wheelSlot` of an entry that is due in the turn at work and has not been called yet. */
const DUE = -2;
/** Milliseconds a slot: the grain of every deadline. */
const GRAIN_MS = 16;
const SLOTS = 4096;

/**
 * A hashed timing wheel: adding, moving and removing a deadline are a few stores, whatever their number. A deadline is never told early
 * and at most one grain and one turn of the event loop late. Deadlines beyond one rotation (65 s) stay in their slot for the next.
 */
export class TimerWheel {
  readonly #heads: (Timed | null)[] = new Array(SLOTS).fill(null);
  readonly #arm: (ms: number, f: () => void) => { cancel(): void };
  readonly #now: () => number;
  #timer: { cancel(): void } | null = null;
  #armedFor = Number.POSITIVE_INFINITY;
  #cursor: number;
  #size = 0;

  constructor(now: () => number, arm: (ms: number, f: () => void) => { cancel(): void }) {
    this.#now = now;
    this.#arm = arm;
    this.#cursor = Math.floor(now() / GRAIN_MS);
  }

  /** Entries waiting. */
  get size(): number {
    return this.#size;
  }

  /** Looks at `e` at `at` (milliseconds on the wheel's clock), no longer at an earlier arrangement. Infinity removes it. */
  schedule(e: Timed, at: number): void {
    if (at === Number.POSITIVE_INFINITY) {
      this.remove(e);
      return;
    }
    const tick = Math.max(Math.ceil(at / GRAIN_MS), this.#cursor + 1);
    const slot = tick & (SLOTS - 1);
    e.dueAt = at;
    if (e.wheelSlot !== slot) {
      if (e.wheelSlot >= 0) this.#unlink(e);
      this.#link(e, slot);
    }
    const due = tick * GRAIN_MS;
    if (due < this.#armedFor) this.#rearm(due);
  }

  remove(e: Timed): void {
    if (e.wheelSlot >= 0) this.#unlink(e);
    e.wheelSlot = -1;
    e.dueAt = Number.POSITIVE_INFINITY;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #link(e: Timed, slot: number): void {
    const head = this.#heads[slot]!;
    e.wheelSlot = slot;
    e.wheelPrev = null;
    e.wheelNext = head;
    if (head !== null) head.wheelPrev = e;
    this.#heads[slot] = e;
    this.#size++;
  }

  #unlink(e: Timed): void {
    const { wheelPrev: prev, wheelNext: next } = e;
    if (prev === null) this.#heads[e.wheelSlot] = next;
    else prev.wheelNext = next;
    if (next !== null) next.wheelPrev = prev;
    e.wheelPrev = null;
    e.wheelNext = null;
    e.wheelSlot = -1;
    this.#size--;
  }

  #rearm(due: number): void {
    this.#timer?.cancel();
    this.#armedFor = due;
    this.#timer = this.#arm(Math.max(0, due - this.#now()), () => this.#turn());
  }

  #turn(): void {
    this.#timer = null;
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#now();
    const last = Math.floor(now / GRAIN_MS);
    const steps = Math.min(last - this.#cursor, SLOTS);
    const due: Timed[] = [];
    for (let i = 1; i <= steps; i++) this.#collect((this.#cursor + i) & (SLOTS - 1), now, due);
    if (steps > 0) this.#cursor = last;
    // Re-armed before anything is called: a throw in one entry must not stop the wheel.
    this.#armNext();
    let failed = false;
    let failure: unknown = null;
    for (const e of due) {
      // Removed or put off by one that was called before it.
      if (e.wheelSlot !== DUE) continue;
      e.wheelSlot = -1;
      try {
        e.onDue(now);
      } catch (cause) {
        failed = true;
        failure = cause;
      }
    }
    if (failed) throw failure;
  }

  #collect(slot: number, now: number, due: Timed[]): void {
    let e = this.#heads[slot]!;
    while (e !== null) {
      const next = e.wheelNext;
      if (e.dueAt <= now) {
        this.#unlink(e);
        e.dueAt = Number.POSITIVE_INFINITY;
        e.wheelSlot = DUE;
        due.push(e);
      }
      e = next as Timed;
    }
  }

  #armNext(): void {
    if (this.#size === 0) return;
    for (let i = 1; i <= SLOTS; i++) {
      if (this.#heads[(this.#cursor + i) & (SLOTS - 1)] === null) continue;
      this.#rearm((this.#cursor + i) * GRAIN_MS);
      return;
    }
  }
}
