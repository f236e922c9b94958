import { until } from "../deadline.ts";
import { Ledger, type Report } from "./ledger.ts";
import { ANSWER_MS, type Load } from "./load.ts";

/** Kinds of load that run side by side, each at its own pace, and what became of all that they sent. */
export class OpenLoop implements Disposable {
  readonly ledger: Ledger = new Ledger();
  readonly #sessions: ReadonlySet<string>;
  #loads: readonly Load[] = [];
  readonly #timers: ReturnType<typeof setInterval>[] = [];

  /** `sessions`: kinds that are on their way until they are ended. */
  constructor(sessions: readonly string[] = []) {
    this.#sessions = new Set(sessions);
  }

  async begin(loads: readonly Load[]): Promise<void> {
    this.#loads = loads;
    for (const l of loads) await l.begin?.();
    for (const l of loads) this.#timers.push(setInterval(() => l.next(), 1000 / l.rate));
  }

  /** One more session of each kind that has sessions. */
  async more(): Promise<void> {
    for (const l of this.#loads) await l.more?.();
  }

  report(): Report {
    return this.ledger.report();
  }

  /** Sends nothing more, waits for the answers, and ends all sessions in order. */
  async stop(): Promise<Report> {
    this[Symbol.dispose]();
    await until("answers to what is on its way", () => this.#requestsWaiting() === 0, ANSWER_MS * 2);
    for (const l of this.#loads) await l.end();
    await until("the end of all sessions", () => this.ledger.waiting === 0, ANSWER_MS * 2);
    return this.report();
  }

  /** Sends nothing more. */
  [Symbol.dispose](): void {
    for (const t of this.#timers.splice(0)) clearInterval(t);
  }

  #requestsWaiting(): number {
    let n = 0;
    for (const [name, k] of Object.entries(this.report().kinds))
      if (!this.#sessions.has(name)) n += k.sent - k.answered - k.failed;
    return n;
  }
}
