import type { ClusterSpec } from "../../../config/model.ts";
import type { CertificateSpec, UpstreamTlsSpec } from "../../../config/tls_model.ts";
import type { Item } from "../gather.ts";
import type { Reporter } from "../problem_list.ts";
import { type ClusterConfig, listedEndpoints } from "../schema/cluster.ts";
import type { ClusterTlsConfig } from "../schema/cluster_tls.ts";
import type { Lowering } from "./lowering.ts";
import { lowerSans, lowerVersions } from "./tls_values.ts";

/** What a cluster speaks: without TLS there is no ALPN, and `auto` is HTTP/1.1. */
export function lowerProtocol(c: ClusterConfig, report: Reporter): ClusterSpec["protocol"] {
  if (c.tls === undefined) {
    if (c.protocol === "h2")
      report.error(["protocol"], 'add "tls": found none, and h2 is HTTP/2 over TLS', "h2c is HTTP/2 without TLS");
    return c.protocol === "auto" ? "http1" : c.protocol;
  }
  if (c.protocol === "h2c") report.error(["protocol"], 'write h2: found "tls", and h2c is HTTP/2 without TLS');
  return c.protocol;
}

export function lowerClusterTls(
  c: ClusterConfig,
  item: Item,
  onlySessions: boolean,
  to: Lowering,
  report: Reporter,
): UpstreamTlsSpec | null {
  const { tls } = c;
  if (tls === undefined) return null;
  const ca = lowerRoots(tls, item, to, report);
  const sans = lowerSans(tls.sans);
  const verify = !tls.insecureSkipVerify;
  if (!verify)
    report.warn(
      ["tls", "insecureSkipVerify"],
      'remove "insecureSkipVerify": whoever stands between Weir and the endpoints can read and change everything',
      '"ca" names the authority of an internal certificate, "sans" what it is made for',
    );
  const isLocal = listedEndpoints(c).some((e) => ("kind" in e ? e : e.address).kind === "unix");
  if (verify && isLocal && tls.serverName === undefined && sans.length === 0)
    report.error(["tls"], 'add "serverName": an endpoint is a unix socket, whose path is no name of a certificate');
  return {
    ca,
    serverName: tls.serverName ?? null,
    sans,
    certificate: lowerCertificate(tls, to, report),
    versions: lowerVersions(tls, {}, ["tls"], to, report),
    alpn: onlySessions ? [...new Set(tls.alpn)] : lowerAlpn(c.protocol, tls, report),
    verify,
  };
}

/** null: the runtime's own authorities. */
function lowerRoots(tls: ClusterTlsConfig, item: Item, to: Lowering, report: Reporter): string | null {
  if (tls.ca === undefined) {
    if (tls.systemRoots === false)
      report.errorAtKey(
        ["tls", "systemRoots"],
        'add "ca": found no authority to trust',
        "without both keys the runtime's own are trusted",
      );
    return null;
  }
  if (tls.systemRoots === true) {
    const own = to.ownReporter(item);
    if (own.has(["tls", "ca"])) report.errorAtKey(["tls", "systemRoots"], 'keep one of "ca" and "systemRoots": found both');
    return null;
  }
  const ca = to.path(tls.ca);
  to.tlsFiles.authorities(report, ["tls", "ca"], ca);
  return ca;
}

function lowerCertificate(tls: ClusterTlsConfig, to: Lowering, report: Reporter): CertificateSpec | null {
  const { cert, key } = tls;
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined || key === undefined) {
    const [there, missing] = cert === undefined ? ["key", "cert"] : ["cert", "key"];
    report.errorAtKey(["tls", there], `add ${JSON.stringify(missing)}: found ${JSON.stringify(there)} alone`);
    return null;
  }
  const spec = { name: cert, cert: to.path(cert), key: to.path(key) };
  to.tlsFiles.pair(report, ["tls"], spec, "client");
  return spec;
}

const OFFERS = { auto: ["h2", "http/1.1"], h2: ["h2"], http1: ["http/1.1"], h2c: [] } as const;

function lowerAlpn(protocol: ClusterConfig["protocol"], tls: ClusterTlsConfig, report: Reporter): readonly string[] {
  const offers = [...new Set<string>(tls.alpn ?? OFFERS[protocol])];
  if (protocol === "http1" && offers.includes("h2"))
    report.error(
      ["tls", "alpn"],
      "remove h2: found it with protocol http1, and an endpoint could choose it",
      "protocol: auto speaks both",
    );
  if (protocol === "h2" && !offers.includes("h2")) report.error(["tls", "alpn"], "add h2: found it left out with protocol h2");
  return offers;
}
