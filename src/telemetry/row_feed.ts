import type { MetricFamily, MetricRow, RowListener } from "./metric_family.ts";
import { BATCH_RECORDS, familyRecord, LAYOUT_VERSION, labelValues, type RowBatch, type RowChange } from "./row_records.ts";

/**
 * Tells one reader in another process where rows lie in the buffer that it maps. Give it to `RowSource.watch`, once for each reader that
 * comes: it begins with all rows that there are. Batches leave by the end of the turn at the latest.
 *
 * @example
 * numbers.watch(new RowFeed(buffer, (batch) => channel.send({ kind: "rows", batch })));
 */
export class RowFeed implements RowListener {
  readonly #buffer: ArrayBuffer;
  readonly #send: (batch: RowBatch) => void;
  readonly #families: Map<MetricFamily, number> = new Map();
  #changes: RowChange[] = [];
  #due = false;

  constructor(buffer: ArrayBuffer, send: (batch: RowBatch) => void) {
    this.#buffer = buffer;
    this.#send = send;
  }

  onRow(family: MetricFamily, row: MetricRow): void {
    // A row that found no room in the buffer can't be read from outside.
    if (row.range.values.buffer !== this.#buffer) return;
    let id = this.#families.get(family);
    if (id === undefined) {
      id = this.#families.size;
      this.#families.set(family, id);
      this.#add(familyRecord(id, family));
    }
    this.#add([id, row.range.at, ...labelValues(family, row.labels)]);
  }

  onForget(_family: MetricFamily, { range }: MetricRow): void {
    if (range.values.buffer === this.#buffer) this.#add(range.at);
  }

  /** Sends what waits. Call it before a message that must not overtake rows. */
  flush(): void {
    if (this.#changes.length === 0) return;
    const changes = this.#changes;
    this.#changes = [];
    this.#send({ layout: LAYOUT_VERSION, changes });
  }

  #add(change: RowChange): void {
    this.#changes.push(change);
    if (this.#changes.length >= BATCH_RECORDS) this.flush();
    else if (!this.#due) {
      this.#due = true;
      queueMicrotask(() => {
        this.#due = false;
        this.flush();
      });
    }
  }
}
