import type { ClusterSpec } from "../../../config/model.ts";
import type { BreakerSpec } from "../../../config/traffic_model.ts";
import type { BreakersConfig, CapsConfig } from "../schema/breakers.ts";

export function lowerBreakers(c: BreakersConfig): ClusterSpec["breakers"] {
  return { default: lowerCaps(c), high: lowerCaps(c.high) };
}

function lowerCaps(c: CapsConfig): BreakerSpec {
  return {
    connections: c.connections ?? Number.POSITIVE_INFINITY,
    pending: c.pending ?? Number.POSITIVE_INFINITY,
    requests: c.requests ?? Number.POSITIVE_INFINITY,
    retries: lowerRetryCap(c.retries),
  };
}

function lowerRetryCap(c: CapsConfig["retries"]): BreakerSpec["retries"] {
  if (c === null) return { share: 0, floor: Number.POSITIVE_INFINITY };
  return typeof c === "number" ? { share: 0, floor: c } : c;
}
