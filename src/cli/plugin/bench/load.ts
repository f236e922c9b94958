import type { PluginPool } from "../../../plugin/process/plugin_pool.ts";
import { ActionCall } from "../../../plugin/use/action_call.ts";

/** Round trips beyond these are counted, and their times not kept. */
const MOST_KEPT = 2_000_000;
const RULES = { side: "request", authority: true, clusters: { has: () => true } as unknown as ReadonlySet<string> } as const;

/** The calls of one round. Times are milliseconds. */
export class Round {
  readonly times: number[] = [];
  answered = 0;
  failed = 0;
  /** Why the first that failed did. */
  fault = "";
  open = 0;
  #whenIdle: (() => void) | null = null;

  /** One call of an exchange of its own. `text`: members of its params, as JSON with a comma before each. */
  async ask(pool: PluginPool, phase: string, timeoutMs: number, text: string): Promise<void> {
    const seat = pool.seat();
    const began = performance.now();
    const rules = phase === "requestHead" ? RULES : ({ ...RULES, side: "response" } as const);
    let took = 0;
    const call = new ActionCall(pool, seat, phase, timeoutMs, rules, text, null, (a) => {
      // In the turn in which it came, as what serves requests takes it.
      took = performance.now() - began;
      return a;
    });
    this.open++;
    pool.call(call);
    const answer = await call.answer;
    this.open--;
    pool.leaveSeat(seat, true);
    if ("outcome" in answer) {
      this.failed++;
      this.fault ||= `${answer.outcome}: ${answer.message}`;
    } else {
      this.answered++;
      if (this.times.length < MOST_KEPT) this.times.push(took);
    }
    if (this.open === 0) this.#whenIdle?.();
  }

  /** Resolves when no call is open: each has a deadline. */
  async idle(): Promise<void> {
    if (this.open > 0)
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
  }

  /** Milliseconds below which a share of the round trips stayed; null: there were none. */
  below(share: number): number | null {
    const sorted = this.times.sort((a, b) => a - b);
    return sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  }
}

/** `rate` calls a second, whether or not those before were answered. */
export async function paced(round: Round, rate: number, seconds: number, ask: () => void): Promise<void> {
  const began = performance.now();
  const total = Math.round(rate * seconds);
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * rate) + 1);
    for (; sent < due; sent++) ask();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await round.idle();
}

/** As many as can be had, with `concurrency` open at once. */
export async function saturated(round: Round, concurrency: number, seconds: number, ask: () => Promise<void>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  const one = async (): Promise<void> => {
    while (performance.now() < end && round.failed < concurrency) await ask();
  };
  await Promise.all(Array.from({ length: concurrency }, one));
}
