/** A main process, as the page tells of it. */
export interface Main {
  readonly pid: number;
  /** The exit code, 128 and the signal's number for one ended by a signal; null: it lives. */
  readonly ended: number | null;
}

/** Bytes of the page. */
export const PAGE_BYTES = 4096;
/** More than can live at once: each is the successor of the one before, and those before it drain. */
const ROWS = 256;
const COUNT_AT = 0;
const FIRST_ROW = 2;
const PID = 0;
const ENDED = 1;
const ROW_SLOTS = 2;

/**
 * One page of memory that a launcher shares with the main process and with every successor of it, so that the launcher knows at any time
 * who is main. A message could be read too late: after the end of the one who wrote it.
 */
export class MainsPage {
  readonly #slots: Int32Array;

  constructor(buffer: ArrayBuffer) {
    this.#slots = new Int32Array(buffer);
  }

  /** From now on this is the main process. */
  announce(pid: number): void {
    const row = FIRST_ROW + ROW_SLOTS * (Atomics.load(this.#slots, COUNT_AT) % ROWS);
    Atomics.store(this.#slots, row + ENDED, 0);
    Atomics.store(this.#slots, row + PID, pid);
    // Last: whoever reads the count finds the row.
    Atomics.add(this.#slots, COUNT_AT, 1);
  }

  /** Whoever waited for a process tells its end; one that was never main is none of the page's business. */
  end(pid: number, code: number): void {
    for (const row of this.#rows()) {
      if (Atomics.load(this.#slots, row + PID) !== pid) continue;
      Atomics.compareExchange(this.#slots, row + ENDED, 0, code + 1);
      return;
    }
  }

  /** The newest first; empty: none has been ready. */
  mains(): Main[] {
    return this.#rows().map((row) => {
      const ended = Atomics.load(this.#slots, row + ENDED);
      return { pid: Atomics.load(this.#slots, row + PID), ended: ended === 0 ? null : ended - 1 };
    });
  }

  #rows(): number[] {
    const count = Atomics.load(this.#slots, COUNT_AT);
    return Array.from({ length: Math.min(count, ROWS) }, (_, i) => FIRST_ROW + ROW_SLOTS * ((count - 1 - i) % ROWS));
  }
}
