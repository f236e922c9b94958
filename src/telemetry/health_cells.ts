import type { CellSpec } from "./numbers.ts";

/** What became of a check. `failed`: there was an answer, and not the right one. `skipped`: it could not be made, by no fault of the host's. */
export const CHECK_RESULTS = Object.freeze(["passed", "failed", "timeout", "network", "skipped"] as const);
export type CheckResult = (typeof CHECK_RESULTS)[number];

/** Why a host is ejected. */
export const EJECTION_CAUSES = Object.freeze([
  "consecutive5xx",
  "consecutiveGatewayErrors",
  "consecutiveLocalFailures",
  "successRate",
  "failureShare",
] as const);
export type EjectionCause = (typeof EJECTION_CAUSES)[number];

export const CHECK_CELLS: CellSpec = { label: "result", names: CHECK_RESULTS };
export const EJECTION_CELLS: CellSpec = { label: "cause", names: EJECTION_CAUSES };

/** States that hosts of a cluster are counted by. */
export const HOST_STATES = Object.freeze(["unchecked", "pending", "unknown", "healthy", "unhealthy", "ejected"] as const);
export type HostState = (typeof HOST_STATES)[number];
