import type { CallFault } from "../link/call.ts";
import { PluginCall, type Seat } from "../process/plugin_call.ts";
import type { PluginPool } from "../process/plugin_pool.ts";
import type { ActionRules } from "./action_rules.ts";
import { type Action, readAction } from "./read_action.ts";

/** A call whose answer is an action, as a promise of it. A cancelled one never settles. */
export class ActionCall extends PluginCall {
  readonly answer: Promise<Action | CallFault>;
  readonly #rules: ActionRules;
  readonly #text: string;
  readonly #frame: Uint8Array | null;
  #resolve!: (a: Action | CallFault) => void;

  /** `text`: members of the params behind x, config and deadlineMs, as JSON with a comma before each. `frame`: goes with it. */
  constructor(
    pool: PluginPool,
    seat: Seat,
    phase: string,
    timeoutMs: number,
    rules: ActionRules,
    text: string,
    frame: Uint8Array | null = null,
  ) {
    super(pool, seat, phase, pool.metrics.phase(phase), timeoutMs);
    this.#rules = rules;
    this.#text = text;
    this.#frame = frame;
    this.answer = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  override get bytes(): Uint8Array | null {
    return this.#frame;
  }

  params(deadlineMs: number): string {
    return `{"x":${this.seat.x},"deadlineMs":${deadlineMs}${this.#text}}`;
  }

  protected answered(result: unknown, bytes: Uint8Array | null): void {
    const action = readAction(result, bytes, this.#rules);
    this.#resolve(typeof action === "string" ? { outcome: "invalid", message: action } : action);
  }

  protected failed(f: CallFault): void {
    this.#resolve(f);
  }
}
