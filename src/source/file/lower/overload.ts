import type { OverloadSpec } from "../../../config/traffic_model.ts";
import type { Reporter } from "../problem_list.ts";
import type { OverloadConfig } from "../schema/overload.ts";

const STEPS = ["stopKeepAlive", "refuseRequests", "refuseConnections"] as const;

/** `report` tells of the key itself. */
export function lowerOverload(c: OverloadConfig, report: Reporter): OverloadSpec {
  if (c.heap === undefined && c.loopDelay === undefined && c.connections === undefined)
    report.error([], "say what is looked at: found none of heap, loopDelay, connections");
  for (const [i, step] of STEPS.entries()) {
    const before = i === 0 ? undefined : STEPS[i - 1]!;
    if (before !== undefined && c[before] > c[step])
      report.error(
        report.has([step]) ? [step] : [before],
        `let ${before} be at most ${step}: found ${percent(c[before])} and ${percent(c[step])}, and steps go from the mild to the hard`,
      );
  }
  return {
    heapBytes: c.heap ?? null,
    loopDelayMs: c.loopDelay ?? null,
    connections: c.connections ?? null,
    stopKeepAliveAt: c.stopKeepAlive,
    refuseRequestsAt: c.refuseRequests,
    refuseConnectionsAt: c.refuseConnections,
  };
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}
