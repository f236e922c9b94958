import type { Filter, FilterExchange, FilterFactory } from "./types.ts";

/** The filters of a route in their order, compiled once. A route without any has no chain. */
export class FilterChain {
  readonly #factories: readonly FilterFactory[];

  constructor(factories: readonly FilterFactory[]) {
    this.#factories = factories;
  }

  /** The filters that have something to do with this exchange; null: none has. */
  open(x: FilterExchange): readonly Filter[] | null {
    let filters: Filter[] | null = null;
    for (const factory of this.#factories) {
      const filter = factory.open(x);
      if (filter === null) continue;
      if (filters === null) filters = [filter];
      else filters.push(filter);
    }
    return filters;
  }
}
