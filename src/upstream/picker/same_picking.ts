import type { ClusterSpec } from "../../config/model.ts";
import type { BalanceSpec, SharingSpec } from "../../config/traffic_model.ts";

/** Whether two configs of a cluster choose alike among the same hosts: a picker that stays keeps its turns and tables. */
export function samePicking(a: ClusterSpec, b: ClusterSpec): boolean {
  const redirected = a.hosts === "originalDestination";
  return (
    redirected === (b.hosts === "originalDestination") && sameBalance(a.balance, b.balance) && sameSharing(a.sharing, b.sharing)
  );
}

function sameBalance(a: BalanceSpec, b: BalanceSpec): boolean {
  // Plain values, but for the keys of a hash, which are a route's matter.
  return a === b || JSON.stringify({ ...a, on: null }) === JSON.stringify({ ...b, on: null });
}

function sameSharing(a: SharingSpec, b: SharingSpec): boolean {
  return a === b || textOf(a) === textOf(b);
}

function textOf(s: SharingSpec): string {
  const { zoneWeights, fallbackSubset } = s;
  return JSON.stringify([s, zoneWeights === null ? null : [...zoneWeights], [...fallbackSubset]]);
}
