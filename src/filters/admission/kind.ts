import type { AdmissionSpec } from "../../config/traffic_model.ts";
import type { FilterKind } from "../../filter/types.ts";
import { AdmissionGate } from "./admission_gate.ts";

/** Admission control, by Envoy's formula (its filter `admission_control`): an upstream that fails is asked less. */
export const ADMISSION: FilterKind<AdmissionSpec> = {
  provision: (spec, env) => new AdmissionGate(spec, env),
};
