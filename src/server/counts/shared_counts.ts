import type { RateSpec } from "../../config/model.ts";
import type { ClientCounts, ConnectionCounts, ConnectionRate, OpenCount } from "./connection_counts.ts";
import { AT_VERSION, COUNTS_VERSION, ROW_LISTENERS, ROW_TOTAL, rateAt, rowAt } from "./counts_layout.ts";
import { LocalCount } from "./local_counts.ts";
import { LocalRate } from "./local_rate.ts";
import { SharedClients } from "./shared_clients.ts";
import { SharedCount } from "./shared_count.ts";
import { SharedRate } from "./shared_rate.ts";

/** A listener's place in the memory. */
export type ListenerPlace = readonly [listener: string, place: number];

/**
 * What one of several processes counts, in a row of memory that all of them have mapped. A cap is never exceeded by processes that admit
 * at the same moment: each counts in first and looks at all rows then. Two at the last free place may both see it taken, and both refuse.
 */
export class SharedCounts implements ConnectionCounts {
  readonly total: OpenCount;
  readonly clients: ClientCounts;
  readonly #words: Int32Array;
  readonly #row: number;
  readonly #times: BigInt64Array;
  readonly #micros: () => number;
  readonly #places = new Map<string, number>();

  /**
   * `row` is this process's alone, from when it is zero until the process ends. `micros`: a clock in whole microseconds that is the same in
   * all processes, and never set back.
   */
  constructor(buffer: ArrayBuffer, row: number, micros: () => number) {
    this.#words = new Int32Array(buffer);
    this.#row = row;
    this.#times = new BigInt64Array(buffer);
    this.#micros = micros;
    this.total = new SharedCount(this.#words, row, ROW_TOTAL);
    this.clients = new SharedClients(this.#words, row);
  }

  /** Where listeners of a config are counted, before any of them is asked for. Those without a place count in this process alone. */
  tell(places: readonly ListenerPlace[]): void {
    for (const [listener, place] of places) this.#places.set(listener, place);
  }

  listener(name: string): OpenCount {
    const place = this.#places.get(name);
    return place === undefined ? new LocalCount() : new SharedCount(this.#words, this.#row, ROW_LISTENERS + place);
  }

  rate(listener: string, spec: RateSpec): ConnectionRate {
    const place = this.#places.get(listener);
    return place === undefined ? new LocalRate(spec) : new SharedRate(this.#times, rateAt(place), spec, this.#micros);
  }
}

/** Whether the memory is as this build has it, with the row in it: a worker may be newer than its supervisor. */
export function hasRow(buffer: ArrayBuffer, row: number): boolean {
  if (new Int32Array(buffer, 0, 1)[AT_VERSION] !== COUNTS_VERSION) return false;
  return row >= 0 && 4 * rowAt(row + 1) <= buffer.byteLength;
}
