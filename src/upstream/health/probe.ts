import type { CheckResult } from "../../telemetry/health_cells.ts";

export type { CheckResult } from "../../telemetry/health_cells.ts";

export interface ProbeOwner {
  /** The answer to `start`, once; possibly before that returns. `why` is "" for `passed`. */
  onResult(result: CheckResult, why: string): void;
}

/** Asks one host how it is, one check at a time. It has no time of its own. */
export interface Probe {
  start(): void;
  /** It takes too long: the check ends without a result, and its connection with it. */
  cancel(): void;
  /** The last call: ends what is under way and what is kept. */
  close(): void;
}

/** Bytes of a reason: it stands in logs, in a status and in messages between processes. */
const WHY_CHARS = 300;

/** A reason as it is told. */
export function reason(text: string): string {
  return text.length <= WHY_CHARS ? text : `${text.slice(0, WHY_CHARS)}…`;
}
