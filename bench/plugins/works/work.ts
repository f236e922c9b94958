import type { Pace } from "../../rivals/measure/rounds.ts";
import type { Metric, Sample } from "../../rivals/measure/sample.ts";
import type { Peer } from "../../rivals/peers/peer.ts";
import type { Language } from "../build.ts";

/** What a run has. */
export interface Setup {
  /** Weir as it is. */
  readonly weir: Peer;
  readonly home: "bun" | "deno" | "dist";
  readonly languages: readonly Language[];
  /** Another checkout to be measured beside this one; null: none. */
  readonly against: string | null;
  readonly pace: Pace;
}

/** A comparison: what a subject has above, or times, that of its base. */
export interface Pair {
  readonly subject: string;
  readonly base: string;
}

export interface Outcome {
  readonly samples: readonly Sample[];
  readonly failures: readonly string[];
  readonly pairs: readonly Pair[];
}

export interface Work {
  /** As `--only` calls it. */
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** Whether pairs are told as ratios or as differences. */
  readonly told: "ratio" | "difference";
  run(s: Setup): Promise<Outcome>;
}
