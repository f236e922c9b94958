import type { ClusterSpec, ForwardSpec } from "../../../config/model.ts";
import type { LoweredRoute } from "../lower/lower_config.ts";
import type { Lowering } from "../lower/lowering.ts";
import type { Path } from "../tree.ts";

/** What routes say of the clusters that they lead to, held against those. */
export function checkForwardTargets(
  routes: readonly LoweredRoute[],
  clusters: ReadonlyMap<string, ClusterSpec>,
  to: Lowering,
): void {
  for (const r of routes) {
    const { action } = r.route;
    if (action.kind !== "forward") continue;
    checkSubsets(r, action, clusters, to);
    checkHash(r, action, clusters, to);
    if (action.sticky !== null && action.to.length === 1)
      to.ownReporter(r.item).warnAtOwnKey(
        ["sticky"],
        'remove "sticky": found one cluster that all requests go to',
        "balance: { ringHash: … } of the cluster keeps a client with one endpoint",
      );
  }
}

function checkSubsets(r: LoweredRoute, action: ForwardSpec, clusters: ReadonlyMap<string, ClusterSpec>, to: Lowering): void {
  for (const [i, { cluster, subset }] of action.to.entries()) {
    const spec = clusters.get(cluster);
    if (subset === null || spec === undefined) continue;
    const { subsets } = spec.sharing;
    if (subsets.some((keys) => keys.length === subset.size && keys.every((key) => subset.has(key)))) continue;
    const report = to.reporter(r.item);
    const at: Path = report.has(["to", i]) ? ["to", i, "subset"] : ["to", "subset"];
    const keys = [...subset.keys()];
    const known = subsets.map((set) => set.join(" and "));
    report.error(
      at,
      `ask for a subset of cluster ${JSON.stringify(cluster)}: found ${keys.length === 0 ? "no key" : keys.join(" and ")}, ` +
        (known.length === 0 ? "and the cluster has no subsets" : `wanted ${known.join(", or ")}`),
      keys.length === 0 ? "" : `subsets: [[${keys.join(", ")}]] of the cluster makes it one`,
    );
  }
}

function checkHash(r: LoweredRoute, action: ForwardSpec, clusters: ReadonlyMap<string, ClusterSpec>, to: Lowering): void {
  if (action.hash === null) return;
  const specs = action.to.flatMap((t) => clusters.get(t.cluster) ?? []);
  if (specs.some((s) => s.balance.kind === "ringHash" || s.balance.kind === "maglev")) return;
  to.ownReporter(r.item).warnAtOwnKey(
    ["hash"],
    'remove "hash": found no cluster of the route that chooses by it',
    "balance: ringHash or maglev of the cluster does",
  );
}
