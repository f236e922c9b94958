/** What became of a batch: it is there; it may go another time; it will never go. */
export type Fate = "sent" | "later" | "never";

export interface Target {
  /** Sends whole lines. A rejection is `later`. */
  send(lines: string): Promise<Fate>;
  /** Resolves after so many milliseconds. */
  wait(ms: number): Promise<void>;
  /** Lines that will never arrive. */
  lost(count: number): void;
  sent(count: number): void;
}

const LONGEST_WAIT_MS = 30_000;

interface Batch {
  readonly lines: string;
  readonly count: number;
}

/** Sends batches one after another, in their order, and again while the target does not take them. The oldest give way where too much waits. */
export class Shipper {
  readonly #target: Target;
  readonly #bufferBytes: number;
  readonly #retryMs: number;
  readonly #waiting: Batch[] = [];
  #bytes = 0;
  #running: Promise<void> | null = null;
  #isEnding = false;
  /** The batch that is on its way. */
  #sending: Promise<boolean> | null = null;

  constructor(target: Target, bufferBytes: number, retryMs: number) {
    this.#target = target;
    this.#bufferBytes = bufferBytes;
    this.#retryMs = retryMs;
  }

  push(records: readonly unknown[]): void {
    if (records.length === 0) return;
    const lines = records.map((r) => `${JSON.stringify(r)}\n`).join("");
    this.#waiting.push({ lines, count: records.length });
    this.#bytes += lines.length;
    while (this.#bytes > this.#bufferBytes && this.#waiting.length > 1) this.#drop();
    this.#running ??= this.#run();
  }

  /** Tries once more to send what waits; what can't be sent is lost. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#sending;
    while (this.#waiting.length > 0) {
      const before = this.#waiting.length;
      await this.#one();
      if (this.#waiting.length === before) this.#drop();
    }
  }

  async #run(): Promise<void> {
    let wait = this.#retryMs;
    while (this.#waiting.length > 0 && !this.#isEnding) {
      if (await this.#one()) wait = this.#retryMs;
      else {
        await this.#target.wait(wait);
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      }
    }
    this.#running = null;
  }

  /** Whether the first batch is dealt with. */
  async #one(): Promise<boolean> {
    this.#sending = this.#send();
    const isDone = await this.#sending;
    this.#sending = null;
    return isDone;
  }

  async #send(): Promise<boolean> {
    const batch = this.#waiting[0]!;
    const fate = await this.#target.send(batch.lines).catch(() => "later" as const);
    if (fate === "later") return false;
    // It may have given way meanwhile, and was counted as lost then.
    if (this.#waiting[0] !== batch) return true;
    if (fate === "never") this.#drop();
    else {
      this.#shift();
      this.#target.sent(batch.count);
    }
    return true;
  }

  #drop(): void {
    this.#target.lost(this.#shift().count);
  }

  #shift(): Batch {
    const batch = this.#waiting.shift()!;
    this.#bytes -= batch.lines.length;
    return batch;
  }
}
