import { encodeLatin1 } from "../base/bytes.ts";
import { putThree } from "./log_digits.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const UPPER_Z = 0x5a;

/** Wall clock readings as text. What a second has in common is made once for that second. */
export class ClockText {
  #second = Number.NaN;
  #prefix = encodeLatin1("");
  #clfSecond = Number.NaN;
  #clf = encodeLatin1("");

  /** Writes RFC 3339 in UTC, such as `2026-01-31T23:59:59.250Z`; `ms` since 1970. */
  putRfc3339(b: Uint8Array, at: number, ms: number): number {
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#prefix = encodeLatin1(new Date(second * 1000).toISOString().slice(0, -4));
    }
    const to = putThree(b, copy(b, at, this.#prefix), Math.floor(ms) - second * 1000);
    b[to] = UPPER_Z;
    return to + 1;
  }

  /** Writes the Common Log Format's, such as `31/Jan/2026:23:59:59 +0000`. */
  putClf(b: Uint8Array, at: number, ms: number): number {
    const second = Math.floor(ms / 1000);
    if (second !== this.#clfSecond) {
      const iso = new Date(second * 1000).toISOString();
      const month = MONTHS[Number(iso.slice(5, 7)) - 1]!;
      this.#clfSecond = second;
      this.#clf = encodeLatin1(`${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`);
    }
    return copy(b, at, this.#clf);
  }
}

function copy(b: Uint8Array, at: number, from: Uint8Array): number {
  for (let i = 0; i < from.length; i++) b[at + i] = from[i]!;
  return at + from.length;
}
