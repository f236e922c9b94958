import type { Model, UdpListenerSpec } from "../../config/model.ts";
import type { UdpRule, UdpSite } from "../../stream/udp_rule.ts";
import type { Cluster } from "../../upstream/types.ts";
import { type CompileEnv, choiceOf, sessionSite } from "../compile.ts";

export type CompileUdpEnv = Pick<CompileEnv, "metrics" | "clusters" | "accessLog" | "link" | "wall">;

/** What each listener of datagrams serves, by the listener's name. */
export function compileUdpSites(model: Model, env: CompileUdpEnv): Map<string, UdpSite> {
  const sites = new Map<string, UdpSite>();
  for (const [name, spec] of model.udpListeners)
    sites.set(name, {
      ...sessionSite(name, env),
      datagrams: env.metrics.datagrams(name),
      rule: compileRule(spec, env.clusters),
    });
  return sites;
}

function compileRule(spec: UdpListenerSpec, clusters: ReadonlyMap<string, Cluster>): UdpRule {
  return {
    clusters: spec.to.map((t) => clusters.get(t.cluster)!),
    choice: choiceOf(spec.to),
    perPacket: spec.balance === "packet",
    idleMs: spec.idleMs,
    maxDatagram: spec.maxDatagram,
    replies: spec.replies ?? Number.POSITIVE_INFINITY,
  };
}
