import type { Host } from "../types.ts";

/**
 * What each host is known by in tables of hashes: its address, so that every weir and every restart finds the same host for a key. One that
 * stands there twice gets a number, or the second would have the places of the first.
 */
export function hashNames(hosts: readonly Host[]): string[] {
  const seen = new Map<string, number>();
  return hosts.map(({ label }) => {
    const n = (seen.get(label) ?? 0) + 1;
    seen.set(label, n);
    return n === 1 ? label : `${label}#${n}`;
  });
}

/** A key for a request that has none. */
export function randomKey(random: () => number): number {
  return Math.floor(random() * 2 ** 32);
}
