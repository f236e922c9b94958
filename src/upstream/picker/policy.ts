import type { Host, Picker } from "../types.ts";

/** What policies need beside hosts. */
export interface PolicyEnv {
  /** Milliseconds of the platform's clock, read once an event. */
  readonly clock: { readonly now: number };
  /** From 0 to below 1. */
  readonly random: () => number;
}

/**
 * A policy with its settings: makes a picker of hosts, one at least, and a weight above 0 for each, a whole number up to 2 ** 24. `whole`:
 * the weights as they will be when slow starts are over, in the same measure; absent: they are that already.
 */
export type Policy = (hosts: readonly Host[], weights: readonly number[], whole?: readonly number[]) => Picker;

export function weightsOf(hosts: readonly Host[]): number[] {
  return hosts.map((h) => h.endpoint.weight);
}

/** Whether there is a host that was not tried. */
export function hasUntried(hosts: readonly Host[], exclude: readonly Host[]): boolean {
  if (exclude.length < hosts.length) return true;
  for (const h of hosts) if (!exclude.includes(h)) return true;
  return false;
}
