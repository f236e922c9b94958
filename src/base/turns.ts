/**
 * Lets one in at a time, in the order of their coming.
 *
 * @example
 * const release = await turns.take();
 * try { … } finally { release(); }
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when all that came before have released. */
  async take(): Promise<() => void> {
    const before = this.#last;
    let release = (): void => {};
    this.#last = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return release;
  }
}
