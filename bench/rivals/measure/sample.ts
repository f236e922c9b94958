/**
 * cpu: microseconds of the proxy's CPU a request, its whole process tree; children: the part of it that processes below the proxy's first had; perCpu: requests a second of that CPU; busy: percent of its core; rate: replies a second; p50, p99, p999: microseconds;
 * rss: bytes at the end of the round; idle: bytes a kept connection; reconnects: kept connections that the proxy closed between requests;
 * unfinished: arrivals of an open loop that had no reply two seconds after its end;
 * others: percent of the machine's time that was not this run's.
 */
export type Metric =
  | "cpu"
  | "children"
  | "perCpu"
  | "busy"
  | "rate"
  | "p50"
  | "p99"
  | "p999"
  | "rss"
  | "idle"
  | "reconnects"
  | "unfinished"
  | "others";

/** One subject in one round. */
export interface Sample {
  readonly subject: string;
  readonly round: number;
  readonly values: Readonly<Partial<Record<Metric, number>>>;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

export function metricOf(samples: readonly Sample[], subject: string, metric: Metric): number[] {
  return samples.filter((s) => s.subject === subject).flatMap((s) => s.values[metric] ?? []);
}

/** Ratios of one subject to another, round by round: what slows the machine in one round slows both. */
export function ratiosOf(samples: readonly Sample[], subject: string, against: string, metric: Metric): number[] {
  return pairsOf(samples, subject, against, metric).map(([above, below]) => above / below);
}

/** What one subject has more than another, round by round. */
export function differencesOf(samples: readonly Sample[], subject: string, against: string, metric: Metric): number[] {
  return pairsOf(samples, subject, against, metric).map(([above, below]) => above - below);
}

function pairsOf(samples: readonly Sample[], subject: string, against: string, metric: Metric): [number, number][] {
  const base = new Map(samples.filter((s) => s.subject === against).map((s) => [s.round, s.values[metric]]));
  return samples
    .filter((s) => s.subject === subject)
    .flatMap((s): [number, number][] => {
      const above = s.values[metric];
      const below = base.get(s.round);
      return above === undefined || below === undefined ? [] : [[above, below]];
    });
}
