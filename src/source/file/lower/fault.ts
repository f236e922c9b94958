import type { FaultSpec } from "../../../config/traffic_model.ts";
import type { Reporter } from "../problem_list.ts";
import type { FaultConfig } from "../schema/fault.ts";
import type { Path } from "../tree.ts";

/** `at` leads to the filter's settings. */
export function lowerFault(c: FaultConfig, at: Path, report: Reporter): FaultSpec {
  const { delay, abort } = c;
  if (delay === undefined && abort === undefined)
    report.error(at, "say what goes wrong: found neither delay nor abort", "delay: { for: 2s, share: 10% }");
  return {
    kind: "fault",
    delay: delay === undefined ? null : { share: delay.share, ms: delay.for },
    abort: abort === undefined ? null : { share: abort.share, status: abort.status, grpcStatus: abort.grpcStatus ?? null },
    headers: Object.entries(c.headers ?? {}).map(([name, value]) => ({ name, value })),
    maxActive: c.maxActive ?? Number.POSITIVE_INFINITY,
  };
}
