import type { ProxyError } from "../../base/error.ts";
import type { Host, Picker, PickInput } from "../types.ts";

/** A picker that is made when it is asked for the first time: of several parts of a cluster most are rarely asked. */
export class LazyPicker implements Picker {
  #make: (() => Picker) | null;
  #made: Picker | null = null;

  constructor(make: () => Picker) {
    this.#make = make;
  }

  pick(p: PickInput): Host | ProxyError {
    if (this.#made === null) {
      this.#made = this.#make!();
      this.#make = null;
    }
    return this.#made.pick(p);
  }
}
