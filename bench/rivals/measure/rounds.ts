import type { Subject } from "./arena.ts";
import { type Load, runBout } from "./bout.ts";
import type { Sample } from "./sample.ts";

/** How long and how often. */
export interface Pace {
  readonly rounds: number;
  /** Seconds of a round's window. */
  readonly seconds: number;
  /** Seconds before it. */
  readonly warmup: number;
  /** Seconds of load on each proxy before the first round: just-in-time compilers get to their end, pools fill. */
  readonly preheat: number;
  /** Seconds for memory to settle before it is read. */
  readonly settle: number;
  /** Tells how far the run is. */
  readonly tell: (line: string) => void;
}

/** What a bout needs from a work; the pace gives the rest. */
export type LoadOf = (subject: Subject) => Omit<Load, "seconds" | "warmup" | "seed">;

/** A B C, C B A, A B C …: every round has each subject once, and a drift of the machine falls on all alike. */
export async function interleave(subjects: readonly Subject[], pace: Pace, loadOf: LoadOf): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const s of subjects) await runBout(s, { ...loadOf(s), seconds: pace.preheat, warmup: 0, seed: 1 });
  for (let round = 1; round <= pace.rounds; round++) {
    for (const s of round % 2 === 1 ? subjects : subjects.toReversed()) {
      const values = await runBout(s, { ...loadOf(s), seconds: pace.seconds, warmup: pace.warmup, seed: round });
      samples.push({ subject: s.name, round, values });
    }
    const told = subjects.map(
      (s) => `${s.name} ${samples.find((x) => x.subject === s.name && x.round === round)!.values.cpu!.toFixed(1)}`,
    );
    pace.tell(`round ${round} of ${pace.rounds}, µs a request: ${told.join(", ")}`);
  }
  return samples;
}
