import type { ClusterSpec } from "../../../config/model.ts";

/** `pass`, `endpoint`, or a host as it is. */
export function hostPolicy(host: string): ClusterSpec["host"] {
  return host === "pass" || host === "endpoint" ? { kind: host } : { kind: "literal", value: host };
}
