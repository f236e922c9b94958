import type { Filter, FilterExchange, HostChoice, Maybe } from "./types.ts";

/** Asks filters for a host, the first one first; null: none names any. */
export function chooseHost(filters: readonly Filter[], x: FilterExchange, choice: HostChoice, from = 0): Maybe<string | null> {
  for (let i = from; i < filters.length; i++) {
    const filter = filters[i]!;
    if (filter.onChooseHost === undefined) continue;
    const address = filter.onChooseHost(x, choice);
    if (address instanceof Promise) return address.then((a) => a ?? chooseHost(filters, x, choice, i + 1));
    if (address !== null) return address;
  }
  return null;
}
