/** How one host did in an interval. */
export interface Share {
  /** 0 to 1. */
  readonly successes: number;
}

/**
 * Below which share of successes a host is an outlier: mean − factor × standard deviation of the population (Envoy, "success rate"
 * outlier detection, whose `success_rate_stdev_factor` is 1000 × `factor`).
 */
export function successThreshold(shares: readonly Share[], factor: number): number {
  const n = shares.length;
  let sum = 0;
  for (const s of shares) sum += s.successes;
  const mean = sum / n;
  let squares = 0;
  for (const s of shares) squares += (s.successes - mean) ** 2;
  return mean - factor * Math.sqrt(squares / n);
}
