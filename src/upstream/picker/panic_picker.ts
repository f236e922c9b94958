import type { ProxyError } from "../../base/error.ts";
import type { Host, Picker, PickInput } from "../types.ts";

/** Picks among all hosts because too few are healthy, and counts how often. */
export class PanicPicker implements Picker {
  readonly #inner: Picker;
  readonly #panics: { add(n: number): void };

  constructor(inner: Picker, panics: { add(n: number): void }) {
    this.#inner = inner;
    this.#panics = panics;
  }

  pick(p: PickInput): Host | ProxyError {
    this.#panics.add(1);
    return this.#inner.pick(p);
  }
}
