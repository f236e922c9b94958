import type { Clock } from "../codec.ts";
import type { Budget, BudgetCause, H2Limits } from "./limits.ts";

/** Index of each cause; tokens and marks of a budget stand there. */
export const BUDGET: Readonly<Record<BudgetCause, number>> = {
  resets: 0,
  continuation: 1,
  ping: 2,
  settings: 3,
  emptyData: 4,
  priority: 5,
  windowUpdate: 6,
  tinyWindow: 7,
  strayHeads: 8,
  otherFrames: 9,
};
export const BUDGET_CAUSES: readonly BudgetCause[] = Object.keys(BUDGET) as BudgetCause[];

/** Numbers a budget: tokens left, when they were counted, what had been served and moved then. */
const COLUMNS = 4;

/**
 * What a peer may do that costs more than it brings: a bucket of tokens a cause, filled by time and by what the peer is served. Nothing
 * runs by itself: a bucket is filled when something is taken from it. A connection that never does has none.
 */
export class Budgets {
  /** Streams that ended as they should. */
  served = 0;
  /** Heads and DATA frames that went to the peer, and streams that it opened. */
  moved = 0;
  /** The first budget that was gone past. */
  exceeded: BudgetCause | null = null;
  readonly #limits: H2Limits;
  readonly #clock: Clock;
  #state: Float64Array | null = null;

  constructor(limits: H2Limits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Takes one token; false: there is none, and `exceeded` says of what. */
  take(index: number): boolean {
    const cause = BUDGET_CAUSES[index]!;
    const budget = this.#limits.budgets[cause];
    this.#state ??= this.#full();
    const state = this.#state;
    const i = index * COLUMNS;
    const { now } = this.#clock;
    const earned =
      ((now - state[i + 1]!) / 1000) * budget.perSecond +
      (this.served - state[i + 2]!) * budget.perServed +
      (this.moved - state[i + 3]!) * budget.perMoved;
    const tokens = Math.min(budget.burst, state[i]! + earned) - 1;
    state[i] = tokens;
    state[i + 1] = now;
    state[i + 2] = this.served;
    state[i + 3] = this.moved;
    if (tokens >= 0) return true;
    this.exceeded ??= cause;
    return false;
  }

  #full(): Float64Array {
    const state = new Float64Array(BUDGET_CAUSES.length * COLUMNS);
    const { now } = this.#clock;
    for (let i = 0; i < BUDGET_CAUSES.length; i++) {
      const budget: Budget = this.#limits.budgets[BUDGET_CAUSES[i]!];
      state[i * COLUMNS] = budget.burst;
      state[i * COLUMNS + 1] = now;
      state[i * COLUMNS + 2] = this.served;
      state[i * COLUMNS + 3] = this.moved;
    }
    return state;
  }
}
