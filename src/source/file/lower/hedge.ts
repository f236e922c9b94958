import type { MatchSpec } from "../../../config/model.ts";
import type { HedgeSpec } from "../../../config/traffic_model.ts";
import { isIdempotent } from "../../../http/methods.ts";
import type { Reporter } from "../problem_list.ts";
import type { HedgeConfig } from "../schema/hedge.ts";

/** `match` is the route's. */
export function lowerHedge(c: HedgeConfig | undefined, match: readonly MatchSpec[], report: Reporter): HedgeSpec | null {
  if (c === undefined || c === null) return null;
  const methods = new Set(match.flatMap((m) => m.methods));
  const isSafe = match.some((m) => m.methods.length === 0) || [...methods].some(isIdempotent);
  if (!isSafe)
    report.error(
      ["hedge"],
      `remove "hedge": found ${[...methods].join(", ")} alone, and what is not idempotent is sent to one endpoint at a time`,
    );
  return typeof c === "number" ? { attempts: 2, afterMs: c } : { attempts: c.attempts, afterMs: c.after };
}
