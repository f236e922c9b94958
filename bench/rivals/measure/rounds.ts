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
  /** Percent of the machine that others may take during a round. */
  readonly calm: number;
  /** Tells how far the run is. */
  readonly tell: (line: string) => void;
}

/** What a bout needs from a work; the pace gives the rest. */
export type LoadOf = (subject: Subject) => Omit<Load, "seconds" | "warmup" | "seed">;

export interface Rounds {
  readonly samples: readonly Sample[];
  /** Rounds that gave no sample, and why. */
  readonly failures: readonly string[];
}

/** A round that others disturbed is run again, at most so often in all; the calmest counts. What it measured has no say in that. */
const TRIES = 5;

/** A B C, C B A, A B C …: every round has each subject once, and a drift of the machine falls on all alike. */
export async function interleave(subjects: readonly Subject[], pace: Pace, loadOf: LoadOf): Promise<Rounds> {
  const samples: Sample[] = [];
  const failures: string[] = [];
  const attempt = async (s: Subject, round: number, seconds: number, warmup: number): Promise<void> => {
    try {
      let calmest: Sample["values"] | null = null;
      for (let tries = 0; tries < TRIES && (calmest === null || calmest.others! > pace.calm); tries++) {
        const values = await runBout(s, { ...loadOf(s), seconds, warmup, seed: 1 + round });
        if (calmest === null || values.others! < calmest.others!) calmest = values;
        if (round === 0) return;
      }
      samples.push({ subject: s.name, round, values: calmest! });
    } catch (e) {
      failures.push(`round ${round}: ${e instanceof Error ? e.message : e}`);
      pace.tell(failures.at(-1)!);
    }
  };
  for (const s of subjects) await attempt(s, 0, pace.preheat, 0);
  for (let round = 1; round <= pace.rounds; round++) {
    for (const s of round % 2 === 1 ? subjects : subjects.toReversed()) await attempt(s, round, pace.seconds, pace.warmup);
    const told = samples.filter((x) => x.round === round).map((x) => `${x.subject} ${x.values.cpu!.toFixed(1)}`);
    pace.tell(`round ${round} of ${pace.rounds}, µs a request: ${told.join(", ")}`);
  }
  return { samples, failures };
}
