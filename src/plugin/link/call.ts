import { Timed } from "../../base/timer_wheel.ts";

/** Why a call came to nothing. */
export type CallOutcome =
  /** An answer came. */
  | "ok"
  /** The plugin answered with an error. */
  | "error"
  /** The answer was none that the protocol knows. */
  | "invalid"
  | "timeout"
  /** Its process ended, or could not be had. */
  | "gone"
  /** Too many calls wait. */
  | "overflow"
  /** Nobody waits any more. */
  | "cancelled";

export const CALL_OUTCOMES: readonly CallOutcome[] = ["ok", "error", "invalid", "timeout", "gone", "overflow", "cancelled"];

export interface CallFault {
  readonly outcome: Exclude<CallOutcome, "ok">;
  /** For people. */
  readonly message: string;
}

/** A request on its way to a plugin. One of its two ends is called, once. */
export abstract class Call extends Timed {
  /** Its number on the link; 0: it has not been sent. */
  id = 0;
  abstract onResult(result: unknown, bytes: Uint8Array | null): void;
  abstract onFailed(f: CallFault): void;
}
