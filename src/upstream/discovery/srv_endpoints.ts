import type { EndpointSpec } from "../../config/model.ts";
import type { SrvRecord } from "../../platform/types.ts";
import { MAX_ADDRESSES } from "./limits.ts";

/** How much more a record with a weight takes than one with weight 0, which is to be chosen now and then only (RFC 2782). */
const ABOVE_ZERO = 100;
const MOST_WEIGHT = 65_535;

/** Endpoints of the records of one answer: priorities become levels from 0 on, without gaps, weights weights. */
export function srvEndpoints(records: readonly SrvRecord[]): readonly EndpointSpec[] {
  // Servers rotate their answers; what comes in another order is the same.
  const sorted = [...records]
    .sort((a, b) => a.priority - b.priority || compare(a.target, b.target) || a.port - b.port || a.weight - b.weight)
    .slice(0, MAX_ADDRESSES);
  const levels = new Map<number, Level>();
  for (const { priority, weight } of sorted) {
    const l = levels.get(priority) ?? { index: levels.size, least: weight, most: weight };
    levels.set(priority, { ...l, least: Math.min(l.least, weight), most: Math.max(l.most, weight) });
  }
  return sorted.map((r) => {
    const level = levels.get(r.priority)!;
    return {
      address: { kind: "tcp", host: r.target.toLowerCase(), port: r.port },
      weight: weightOf(r.weight, level),
      metadata: NO_METADATA,
      zone: "",
      priority: level.index,
    };
  });
}

/** The records of one priority: its place among them, and its weights. */
interface Level {
  readonly index: number;
  readonly least: number;
  readonly most: number;
}

function weightOf(weight: number, { least, most }: Level): number {
  if (least > 0) return weight;
  // All 0: the server has nothing to say about shares.
  if (most === 0 || weight === 0) return 1;
  return weight * Math.max(1, Math.min(ABOVE_ZERO, Math.floor(MOST_WEIGHT / most)));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const NO_METADATA: ReadonlyMap<string, string> = new Map();
