import type { ClusterSpec, ListenerSpec, UdpListenerSpec } from "../../../config/model.ts";
import type { Lowering } from "../lower/lowering.ts";

/** Sessions of TCP and UDP have a client's address and nothing else to hash. */
export function checkSessionTargets(
  listeners: Iterable<ListenerSpec | UdpListenerSpec>,
  clusters: ReadonlyMap<string, ClusterSpec>,
  to: Lowering,
): void {
  const told = new Set<string>();
  for (const l of listeners)
    for (const name of targetsOf(l)) {
      const balance = clusters.get(name)?.balance;
      if (balance === undefined || told.has(name) || (balance.kind !== "ringHash" && balance.kind !== "maglev")) continue;
      const other = balance.on.find((key) => key.kind !== "source");
      if (other === undefined) continue;
      told.add(name);
      to.reporter(to.gathered.clusters.get(name)!).error(
        ["balance", balance.kind, "on"],
        `write "on: source": found ${other.kind}, and sessions of listener ${JSON.stringify(l.name)} have no requests`,
      );
    }
}

function targetsOf(l: ListenerSpec | UdpListenerSpec): string[] {
  if ("to" in l) return l.to.map((t) => t.cluster);
  return l.chains.flatMap(({ handler }) => (handler.kind === "tcp" ? handler.to.map((t) => t.cluster) : []));
}
