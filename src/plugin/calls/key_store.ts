import type { Timer } from "../../platform/types.ts";
import { KeyValues } from "./key_values.ts";
import { answerKvCall, type KvAnswer, type KvCall } from "./kv_call.ts";

/** Where the values of one plugin are kept, here or in another process. */
export interface KeyStore {
  /** `done` is called once, at once perhaps. */
  ask(c: KvCall, done: (a: KvAnswer) => void): void;
  /** No more calls come. */
  close(): void;
}

/** What a store needs of the platform. */
export interface StoreClock {
  now(): number;
  setTimer(ms: number, f: () => void): Timer;
}

/** One in this process. */
export class OwnStore implements KeyStore {
  readonly #kv: KeyValues;

  constructor(clock: StoreClock) {
    this.#kv = new KeyValues(
      () => clock.now(),
      (ms, f) => clock.setTimer(ms, f),
    );
  }

  ask(c: KvCall, done: (a: KvAnswer) => void): void {
    done(answerKvCall(this.#kv, c));
  }

  close(): void {
    this.#kv.close();
  }
}
