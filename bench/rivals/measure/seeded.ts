/** Numbers that look random and are the same in each run (xorshift32). */
export class Seeded {
  #state: number;

  /** `seed`: not 0. */
  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 to n - 1; n up to 2^16 or so draws evenly enough. */
  below(n: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % n;
  }
}
