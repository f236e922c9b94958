import type { ClusterSpec, SentProxyHeaderSpec } from "../../../config/model.ts";
import type { Item } from "../gather.ts";
import type { Reporter } from "../problem_list.ts";
import { type ClusterConfig, listedEndpoints } from "../schema/cluster.ts";
import { lowerBalance } from "./balance.ts";
import { lowerBreakers } from "./breakers.ts";
import { lowerClusterTls, lowerProtocol } from "./cluster_tls.ts";
import { lowerDns } from "./dns.ts";
import { lowerHealth } from "./health.ts";
import { hostPolicy } from "./host_policy.ts";
import { lowerEndpoints, lowerHosts } from "./hosts.ts";
import { lowerHttp2 } from "./http2.ts";
import type { Lowering } from "./lowering.ts";
import { lowerOutlier } from "./outlier.ts";
import { lowerSharing } from "./sharing.ts";

/** `onlySessions`: no request ever goes there, so no protocol of HTTP is offered by ALPN. */
export function lowerCluster(
  name: string,
  c: ClusterConfig,
  item: Item,
  onlySessions: boolean,
  to: Lowering,
  report: Reporter,
): ClusterSpec {
  const hosts = lowerHosts(c, onlySessions, to, report);
  const endpoints = lowerEndpoints(listedEndpoints(c), (a) => to.address(a));
  if (endpoints.length > 0 && endpoints.every((e) => e.weight === 0))
    report.error(["endpoints"], "raise a weight above 0: found none that takes traffic");
  return {
    name,
    hosts,
    endpoints,
    balance: lowerBalance(c.balance, report),
    sharing: lowerSharing(c.sharing, c.subsets, hosts === "listed" ? endpoints : null, report),
    health: lowerHealth(c.health, report),
    outlier: lowerOutlier(c.outlier, report),
    breakers: lowerBreakers(c.breakers),
    protocol: lowerProtocol(c, report),
    tls: lowerClusterTls(c, item, onlySessions, to, report),
    http2: lowerHttp2(c.http2),
    connectTimeoutMs: c.connectTimeout,
    idleMs: c.idleTimeout,
    maxIdle: c.maxIdle,
    requestsPerConnection: c.requestsPerConnection,
    maxConnectionMs: c.maxConnectionAge,
    keepAliveMs: c.keepalive,
    source: c.source ?? null,
    proxyHeader: lowerSentHeader(c, report),
    host: hostPolicy(c.host),
    dns: lowerDns(c.dns, report),
  };
}

function lowerSentHeader({ proxyProtocol: c }: ClusterConfig, report: Reporter): SentProxyHeaderSpec | null {
  if (c === undefined) return null;
  const { version, tlvs, checksum } = typeof c === "string" ? { version: c, tlvs: undefined, checksum: undefined } : c;
  if (version === "v1") {
    for (const [key, value] of Object.entries({ tlvs, checksum }))
      if (value !== undefined)
        report.errorAtKey(["proxyProtocol", key], `remove "${key}": found it for v1, a line of text that tells addresses alone`);
    return { version: 1, tlvs: [], checksum: false };
  }
  return { version: 2, tlvs: [...new Set(tlvs ?? EVERY_TLV)], checksum: checksum ?? false };
}

const EVERY_TLV: SentProxyHeaderSpec["tlvs"] = ["received", "authority", "alpn"];
