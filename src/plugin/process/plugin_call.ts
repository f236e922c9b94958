import type { PluginPhaseMetrics } from "../../telemetry/plugin_metrics.ts";
import { Call, type CallFault, type CallOutcome } from "../link/call.ts";
import type { PoolProcess } from "./pool_process.ts";

/** An exchange's place at a plugin: all its calls go to one process. */
export class Seat {
  /** Names the exchange to the process. */
  readonly x: number;
  /** null: no call was sent yet. */
  process: PoolProcess | null = null;

  constructor(x: number) {
    this.x = x;
  }
}

/** Who gives calls to processes, as calls see it. */
export interface CallOwner {
  now(): number;
  /** The call is over; it has left its process. */
  over(c: PluginCall): void;
  /** The call's time is over: takes it from wherever it waits. */
  withdraw(c: PluginCall): void;
}

/** A call of a phase. */
export abstract class PluginCall extends Call {
  readonly seat: Seat;
  readonly method: string;
  /** When it is to be answered, by the wheel's clock. */
  readonly at: number;
  readonly metrics: PluginPhaseMetrics;
  readonly #owner: CallOwner;
  readonly #began: number;

  constructor(owner: CallOwner, seat: Seat, method: string, metrics: PluginPhaseMetrics, timeoutMs: number) {
    super();
    this.#owner = owner;
    this.seat = seat;
    this.method = method;
    this.metrics = metrics;
    this.#began = owner.now();
    this.at = this.#began + timeoutMs;
  }

  /** JSON, as it is sent. `deadlineMs`: what is left of its time. */
  abstract params(deadlineMs: number): string;
  /** A binary frame that goes with it. */
  get bytes(): Uint8Array | null {
    return null;
  }
  /** Returns whether it is an answer that the phase knows. */
  protected abstract answered(result: unknown, bytes: Uint8Array | null): "ok" | "invalid";
  protected abstract failed(f: CallFault): void;

  onResult(result: unknown, bytes: Uint8Array | null): void {
    this.#over(this.answered(result, bytes));
  }

  onFailed(f: CallFault): void {
    this.#over(f.outcome);
    this.failed(f);
  }

  onDue(): void {
    this.#owner.withdraw(this);
    this.onFailed({ outcome: "timeout", message: "no answer in time" });
  }

  /** Nobody waits for it any more. */
  cancel(): void {
    this.#owner.withdraw(this);
    this.#over("cancelled");
  }

  #over(outcome: CallOutcome): void {
    this.metrics.done(outcome, this.#owner.now() - this.#began);
    this.#owner.over(this);
  }
}
