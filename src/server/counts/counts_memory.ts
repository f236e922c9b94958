import type { LinuxCalls } from "../../platform/types.ts";
import {
  AT_KEY,
  AT_ROWS,
  AT_VERSION,
  bytesOfRows,
  COUNTS_VERSION,
  LISTENER_PLACES,
  ROW_LISTENERS,
  ROW_WORDS,
  rateAt,
  rowAt,
} from "./counts_layout.ts";
import type { ListenerPlace } from "./shared_counts.ts";

/** Beside a process in each place: one that starts in its stead, and more that drain. What is not used costs nothing. */
const ROWS_PER_WORKER = 4;
const MORE_ROWS = 16;
/** As many as 1 GiB holds. */
const MAX_ROWS = 2000;

/** The supervisor's side of the memory in which workers count connections together: it gives rows to processes and places to listeners. */
export class CountsMemory {
  readonly fd: number;
  readonly #words: Int32Array;
  readonly #times: BigInt64Array;
  /** By row: whether a process has it. */
  readonly #taken: boolean[];
  readonly #places = new Map<string, number>();

  /** Throws a ProxyError when the system gives no memory. */
  constructor(linux: Pick<LinuxCalls, "sharedMemory">, workers: number) {
    const rows = Math.min(MAX_ROWS, ROWS_PER_WORKER * workers + MORE_ROWS);
    const { fd, buffer } = linux.sharedMemory(bytesOfRows(rows));
    this.fd = fd;
    this.#words = new Int32Array(buffer);
    this.#times = new BigInt64Array(buffer);
    this.#taken = new Array<boolean>(rows).fill(false);
    this.#words[AT_VERSION] = COUNTS_VERSION;
    crypto.getRandomValues(this.#words.subarray(AT_KEY, AT_KEY + 2));
  }

  /** A zeroed row for a process that is about to start; −1: there is none left. */
  takeRow(): number {
    const row = this.#taken.indexOf(false);
    if (row < 0) return -1;
    this.#taken[row] = true;
    if (row >= Atomics.load(this.#words, AT_ROWS)) Atomics.store(this.#words, AT_ROWS, row + 1);
    return row;
  }

  /** The process has ended: whatever it had counted is gone. */
  freeRow(row: number): void {
    if (row < 0) return;
    this.#words.fill(0, rowAt(row), rowAt(row) + ROW_WORDS);
    this.#taken[row] = false;
  }

  /** Where the listeners of a config are counted. `inForce` has those of the config that it may replace. */
  places(listeners: Iterable<string>, inForce: { has(name: string): boolean }): readonly ListenerPlace[] {
    const names = new Set(listeners);
    const found: ListenerPlace[] = [];
    for (const name of names) {
      const place = this.#places.get(name) ?? this.#place((other) => names.has(other) || inForce.has(other));
      if (place < 0) continue;
      this.#places.set(name, place);
      found.push([name, place]);
    }
    return found;
  }

  /** A place never used, or that of a listener which is in no config and has no connections left; −1: there is none. */
  #place(needed: (name: string) => boolean): number {
    if (this.#places.size < LISTENER_PLACES) return this.#places.size;
    for (const [name, place] of this.#places) {
      if (needed(name) || this.#openAt(place)) continue;
      this.#places.delete(name);
      Atomics.store(this.#times, rateAt(place), 0n);
      return place;
    }
    return -1;
  }

  #openAt(place: number): boolean {
    for (let row = Atomics.load(this.#words, AT_ROWS) - 1; row >= 0; row--)
      if (Atomics.load(this.#words, rowAt(row) + ROW_LISTENERS + place) !== 0) return true;
    return false;
  }
}
