import { addressText } from "../../../base/address.ts";
import type { ClusterSpec, UdpListenerSpec } from "../../../config/model.ts";
import type { Lowering } from "../lower/lowering.ts";

/** Datagrams go to hosts and ports alone, and nothing is encrypted on the way. */
export function checkDatagramTargets(
  listeners: ReadonlyMap<string, UdpListenerSpec>,
  clusters: ReadonlyMap<string, ClusterSpec>,
  to: Lowering,
): void {
  for (const [name, l] of listeners) {
    const report = to.reporter(to.gathered.listeners.get(name)!);
    for (const { cluster } of l.to) {
      const spec = clusters.get(cluster);
      const path = spec?.endpoints.find((e) => e.address.kind === "unix");
      if (path !== undefined)
        report.error(
          ["to"],
          `name a cluster of hosts and ports: found ${JSON.stringify(cluster)} with ${JSON.stringify(addressText(path.address))}, and datagrams of UDP go to no unix socket`,
        );
      if (spec !== undefined && spec.tls !== null)
        report.error(
          ["to"],
          `name a cluster without "tls": found ${JSON.stringify(cluster)} with it, and datagrams go as they are`,
        );
    }
  }
}
