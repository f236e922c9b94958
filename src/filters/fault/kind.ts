import type { FaultSpec } from "../../config/traffic_model.ts";
import type { FilterKind } from "../../filter/types.ts";
import { FaultFactory } from "./fault_factory.ts";

/** Delays and aborts, as Envoy's filter of the same name makes them: for tests of what depends on an upstream. */
export const FAULT: FilterKind<FaultSpec> = {
  provision: (spec, env) => new FaultFactory(spec, env),
};
