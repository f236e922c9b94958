import type { Filter, FilterExchange, FilterFactory } from "./types.ts";

/** The filters of a route in their order, compiled once. A route without any has no chain. */
export class FilterChain {
  readonly factories: readonly FilterFactory[];
  /** Exchanges that have filters of it. */
  #open = 0;
  #onIdle: (() => void) | null = null;

  constructor(factories: readonly FilterFactory[]) {
    this.factories = factories;
  }

  /** The filters that have something to do with this exchange; null: none has. */
  open(x: FilterExchange): readonly Filter[] | null {
    let filters: Filter[] | null = null;
    for (const factory of this.factories) {
      const filter = factory.open(x);
      if (filter === null) continue;
      if (filters === null) filters = [filter];
      else filters.push(filter);
    }
    return filters;
  }

  enter(): void {
    this.#open++;
  }

  leave(): void {
    this.#open--;
    if (this.#open === 0 && this.#onIdle !== null) this.#onIdle();
  }

  /** No exchange begins with it any more: `f` is called once when those that have are over, at once where there are none. */
  retire(f: () => void): void {
    if (this.#open === 0) f();
    else
      this.#onIdle = () => {
        this.#onIdle = null;
        f();
      };
  }
}
