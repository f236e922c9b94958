import type { Pace } from "../measure/rounds.ts";
import type { Metric, Sample } from "../measure/sample.ts";
import type { Peer } from "../peers/peer.ts";

/** One kind of load that the proxies are compared on. */
export interface Work {
  /** As `--work` calls it. */
  readonly name: string;
  readonly title: string;
  /** What its table shows. */
  readonly metrics: readonly Metric[];
  run(peers: readonly Peer[], pace: Pace): Promise<Outcome>;
}

export interface Outcome {
  readonly samples: readonly Sample[];
  /** Conditions found out during the run, such as the rate of an open loop. */
  readonly notes: readonly string[];
  /** Rounds without a sample, and why. */
  readonly failures: readonly string[];
  /** A line of each subject's access log. */
  readonly logLines: Readonly<Record<string, string>>;
}
