import type { ClusterSpec, Model } from "../../config/model.ts";
import type { BreakerSpec } from "../../config/traffic_model.ts";

/** The model with the caps of clusters that worker `index` of `workers` holds itself to: together they hold the config's. */
export function shareBreakers(model: Model, index: number, workers: number): Model {
  const clusters = new Map<string, ClusterSpec>();
  for (const [name, c] of model.clusters) {
    const breakers = { default: shareOf(c.breakers.default, index, workers), high: shareOf(c.breakers.high, index, workers) };
    clusters.set(name, { ...c, breakers });
  }
  return { ...model, clusters };
}

function shareOf(b: BreakerSpec, index: number, workers: number): BreakerSpec {
  const part = (n: number): number => partOf(n, index, workers);
  return {
    connections: part(b.connections),
    pending: part(b.pending),
    requests: part(b.requests),
    // A share of a worker's own requests is one already.
    retries: { share: b.retries.share, floor: part(b.retries.floor) },
  };
}

/** Whole numbers that add up to `n`, the larger ones first; but nobody goes without where there is something, or its clients would. */
export function partOf(n: number, index: number, workers: number): number {
  if (n === Number.POSITIVE_INFINITY || n === 0) return n;
  return Math.max(1, Math.floor(n / workers) + (index < n % workers ? 1 : 0));
}
