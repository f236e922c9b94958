import type { AdmissionSpec } from "../../../config/traffic_model.ts";
import type { Reporter } from "../problem_list.ts";
import type { AdmissionConfig } from "../schema/admission.ts";
import type { Path } from "../tree.ts";

/** `at` leads to the filter's settings. */
export function lowerAdmission(c: AdmissionConfig, at: Path, report: Reporter): AdmissionSpec {
  if (c.threshold === 0)
    report.error([...at, "threshold"], "raise the threshold: found 0%, below which no part of requests can be");
  return {
    kind: "admission",
    windowMs: c.window,
    threshold: c.threshold,
    aggression: c.aggression,
    minRate: c.minRate,
    maxRejection: c.maxRejection,
    waitMs: c.wait,
  };
}
