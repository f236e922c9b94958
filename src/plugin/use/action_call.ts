import type { CallFault } from "../link/call.ts";
import { PluginCall, type Seat } from "../process/plugin_call.ts";
import type { PluginPool } from "../process/plugin_pool.ts";
import type { ActionRules } from "./action_rules.ts";
import { type Action, readAction } from "./read_action.ts";

/** A call whose answer is an action, as a promise of what `settle` makes of it in the turn in which it comes. A cancelled one never settles. */
export class ActionCall<T = Action | CallFault> extends PluginCall {
  readonly answer: Promise<T>;
  readonly #settle: (a: Action | CallFault) => T;
  readonly #rules: ActionRules;
  readonly #text: string;
  readonly #frame: Uint8Array | null;
  #resolve!: (made: T) => void;
  #reject!: (cause: unknown) => void;

  /** `text`: members of the params behind x, config and deadlineMs, as JSON with a comma before each. `frame`: goes with it. */
  constructor(
    pool: PluginPool,
    seat: Seat,
    phase: string,
    timeoutMs: number,
    rules: ActionRules,
    text: string,
    frame: Uint8Array | null = null,
    settle: (a: Action | CallFault) => T = asItIs,
  ) {
    super(pool, seat, phase, pool.metrics.phase(phase), timeoutMs);
    this.#rules = rules;
    this.#text = text;
    this.#frame = frame;
    this.#settle = settle;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  override get bytes(): Uint8Array | null {
    return this.#frame;
  }

  params(deadlineMs: number): string {
    return `{"x":${this.seat.x},"deadlineMs":${deadlineMs}${this.#text}}`;
  }

  protected answered(result: unknown, bytes: Uint8Array | null): "ok" | "invalid" {
    const action = readAction(result, bytes, this.#rules);
    if (typeof action !== "string") {
      this.#give(action);
      return "ok";
    }
    this.#give({ outcome: "invalid", message: action });
    return "invalid";
  }

  protected failed(f: CallFault): void {
    this.#give(f);
  }

  #give(a: Action | CallFault): void {
    try {
      this.#resolve(this.#settle(a));
    } catch (cause) {
      this.#reject(cause);
    }
  }
}

function asItIs<T>(a: Action | CallFault): T {
  return a as T;
}
