import type { AdmissionSpec } from "../../../config/traffic_model.ts";
import type { AdmissionConfig } from "../schema/admission.ts";

export function lowerAdmission(c: AdmissionConfig): AdmissionSpec {
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
