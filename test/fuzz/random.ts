/** How much to do: `FUZZ_SEED` repeats a run, `WEIR_LONG` makes it thirty times as long. */
export function fuzzPlan(rounds: number): { readonly seed: number; readonly rounds: number } {
  const given = Number(process.env["FUZZ_SEED"] ?? "");
  // Without a seed the day's: a failure of today's run is found again by the next one.
  const seed = given > 0 ? given : Math.floor(Date.now() / 86_400_000);
  return { seed, rounds: process.env["WEIR_LONG"] === undefined ? rounds : rounds * 30 };
}

/** Numbers that depend on the seed alone (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 0 to `n` − 1. */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n);
  }

  pick<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  /** True once in `n`. */
  once(n: number): boolean {
    return this.below(n) === 0;
  }
}
