import type { OwnProcesses } from "../process/own_processes.ts";

interface Delays {
  setTimer(ms: number, f: () => void): unknown;
}

interface Setting {
  readonly number: Promise<number | string>;
  /** How many uses each has. */
  readonly uses: Map<object, number>;
}

/** A call that names settings may still be on its way over a stream of its own when it is told that no other one comes. */
const LINGER_MS = 1_000;

/** Settings of uses that several workers have: the same ones are told once. */
export class SharedSettings {
  readonly #processes: Pick<OwnProcesses, "configure" | "unconfigure">;
  readonly #platform: Delays;
  readonly #byJson = new Map<string, Setting>();
  readonly #byNumber = new Map<number, string>();

  constructor(processes: Pick<OwnProcesses, "configure" | "unconfigure">, platform: Delays) {
    this.#processes = processes;
    this.#platform = platform;
  }

  /** All that are in use, as JSON. */
  get all(): readonly string[] {
    return [...this.#byJson.keys()];
  }

  /** `who` has one use more. Resolves to the number, or to what is wrong with them. */
  async use(who: object, json: string): Promise<number | string> {
    let s = this.#byJson.get(json);
    if (s === undefined) {
      s = { number: this.#processes.configure(json), uses: new Map() };
      this.#byJson.set(json, s);
    }
    s.uses.set(who, (s.uses.get(who) ?? 0) + 1);
    const number = await s.number;
    if (typeof number === "string") {
      if (this.#byJson.get(json) === s) this.#byJson.delete(json);
    } else this.#byNumber.set(number, json);
    return number;
  }

  /** `who` has one use less. */
  leave(who: object, number: number): void {
    const json = this.#byNumber.get(number);
    const s = json === undefined ? undefined : this.#byJson.get(json);
    if (s === undefined) return;
    const left = (s.uses.get(who) ?? 0) - 1;
    if (left > 0) s.uses.set(who, left);
    else this.#drop(json!, s, who);
  }

  /** `who` is gone. */
  forget(who: object): void {
    for (const [json, s] of [...this.#byJson]) if (s.uses.has(who)) this.#drop(json, s, who);
  }

  #drop(json: string, s: Setting, who: object): void {
    s.uses.delete(who);
    if (s.uses.size > 0) return;
    this.#platform.setTimer(LINGER_MS, () => {
      if (s.uses.size > 0 || this.#byJson.get(json) !== s) return;
      this.#byJson.delete(json);
      void s.number.then((number) => {
        if (typeof number === "string") return;
        this.#byNumber.delete(number);
        this.#processes.unconfigure(number);
      });
    });
  }
}
