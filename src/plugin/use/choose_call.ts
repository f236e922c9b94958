import type { CallFault } from "../link/call.ts";
import { PluginCall, type Seat } from "../process/plugin_call.ts";
import type { PluginPool } from "../process/plugin_pool.ts";

/** `chooseUpstream`, as a promise of the address that is chosen, null for the cluster's own policy. */
export class ChooseCall extends PluginCall {
  readonly answer: Promise<{ readonly host: string | null } | CallFault>;
  readonly #text: string;
  #resolve!: (a: { readonly host: string | null } | CallFault) => void;

  /** `text`: members of the params behind x and deadlineMs, as JSON with a comma before each. */
  constructor(pool: PluginPool, seat: Seat, timeoutMs: number, text: string) {
    super(pool, seat, "chooseUpstream", pool.metrics.phase("chooseUpstream"), timeoutMs);
    this.#text = text;
    this.answer = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  params(deadlineMs: number): string {
    return `{"x":${this.seat.x},"deadlineMs":${deadlineMs}${this.#text}}`;
  }

  protected answered(result: unknown): "ok" | "invalid" {
    const host = typeof result === "object" && result !== null ? (result as { host?: unknown }).host : undefined;
    if (host !== undefined && host !== null && typeof host !== "string") {
      this.#resolve({ outcome: "invalid", message: "host is no string" });
      return "invalid";
    }
    this.#resolve({ host: host ?? null });
    return "ok";
  }

  protected failed(f: CallFault): void {
    this.#resolve(f);
  }
}
