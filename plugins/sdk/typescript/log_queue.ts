/** Batches that wait for their turn. A handler that is slower than the log for long must not cost memory without bound. */
const MOST = 64;

/** Hands batches of records over one after another; what comes while many of them wait is lost, and counted. */
export class LogQueue<Record> {
  readonly #handle: (records: Record[], lost: number) => unknown;
  readonly #failed: (e: unknown) => void;
  readonly #waiting: Record[][] = [];
  #lost = 0;
  #isBusy = false;

  constructor(handle: (records: Record[], lost: number) => unknown, failed: (e: unknown) => void) {
    this.#handle = handle;
    this.#failed = failed;
  }

  push(records: Record[], lost: number): void {
    this.#lost += lost;
    if (this.#waiting.length >= MOST) this.#lost += records.length;
    else this.#waiting.push(records);
    if (!this.#isBusy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    for (let records = this.#waiting.shift(); records !== undefined; records = this.#waiting.shift()) {
      const lost = this.#lost;
      this.#lost = 0;
      try {
        const made = this.#handle(records, lost);
        if (made instanceof Promise) await made;
      } catch (e) {
        this.#failed(e);
      }
    }
    this.#isBusy = false;
  }
}
