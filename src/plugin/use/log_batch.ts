import type { FilterExchange } from "../../filter/types.ts";
import type { Timer } from "../../platform/types.ts";
import type { PluginPool } from "../process/plugin_pool.ts";
import type { CompiledPhases } from "./compiled_phases.ts";

/** Records that wait for a plugin that does not read them. */
const WAITING_BYTES = 8 * 1024 * 1024;

/** Records of exchanges that have ended, for a plugin that wants to be told of them: several at once. */
export class LogBatch {
  readonly #pool: PluginPool;
  readonly #spec: NonNullable<CompiledPhases["log"]>;
  #records: string[] = [];
  #lost = 0;
  #timer: Timer | null = null;
  #closed = false;

  constructor(pool: PluginPool, spec: NonNullable<CompiledPhases["log"]>) {
    this.#pool = pool;
    this.#spec = spec;
  }

  add(x: FilterExchange): void {
    if (this.#closed) return;
    this.#records.push(this.#spec.attributes.text(x));
    if (this.#records.length >= this.#spec.batch) this.#send();
    else this.#timer ??= this.#pool.later(this.#spec.everyMs, () => this.#send());
  }

  /** What is there is sent. */
  close(): void {
    this.#send();
    this.#closed = true;
  }

  #send(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const records = this.#records;
    if (records.length === 0) return;
    this.#records = [];
    const lost = this.#lost === 0 ? "" : `,"lost":${this.#lost}`;
    if (this.#pool.tell("log", `{"records":[${records.join(",")}]${lost}}`, WAITING_BYTES)) this.#lost = 0;
    else {
      this.#lost += records.length;
      this.#pool.metrics.recordsLost.add(records.length);
    }
  }
}
