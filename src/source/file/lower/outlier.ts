import type { OutlierSpec } from "../../../config/traffic_model.ts";
import type { Reporter } from "../problem_list.ts";
import type { OutlierConfig } from "../schema/outlier.ts";

export function lowerOutlier(c: OutlierConfig | undefined, report: Reporter): OutlierSpec | null {
  if (c === undefined || c === null) return null;
  if (c.baseEjection > c.maxEjection)
    report.error(["outlier", "baseEjection"], "raise maxEjection or lower baseEjection: found baseEjection above maxEjection");
  return {
    // 0 is off.
    consecutive5xx: c.consecutive5xx ?? 0,
    consecutiveGatewayErrors: c.consecutiveGatewayErrors ?? 0,
    consecutiveLocalFailures: c.consecutiveLocalFailures ?? 0,
    intervalMs: c.interval,
    baseEjectionMs: c.baseEjection,
    maxEjectionMs: c.maxEjection,
    maxEjectedShare: c.maxEjected,
    successRate: c.successRate,
    failureShare: c.failureShare,
  };
}
