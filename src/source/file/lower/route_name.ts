import type { MatchSpec } from "../../../config/model.ts";

/**
 * Names for routes without one: first host and path, such as `shop.example.com/cart`. A position would be shorter, but then one
 * new route would rename all that follow, and with them the lines of every graph.
 */
export class RouteNames {
  readonly #taken: Set<string>;

  constructor(given: Iterable<string>) {
    this.#taken = new Set(given);
  }

  derive(hosts: readonly string[], match: readonly MatchSpec[]): string {
    const path = match[0]?.path ?? null;
    const base = `${hosts[0] ?? "*"}${path === null ? "" : path.kind === "regex" ? ` ~${path.value}` : path.value}`.slice(0, 150);
    let name = base;
    for (let n = 2; this.#taken.has(name); n++) name = `${base} #${n}`;
    this.#taken.add(name);
    return name;
  }
}
