import type { FilterChainSpec } from "../../../config/model.ts";
import type { CertificateSpec, ClientCertificatesSpec, TlsSpec } from "../../../config/tls_model.ts";
import type { Reporter } from "../problem_list.ts";
import type { ListenerConfig } from "../schema/listener.ts";
import type { ClientCertificatesConfig, ListenerTlsConfig, PerNameConfig } from "../schema/listener_tls.ts";
import type { CertificateConfig } from "../schema/tls_values.ts";
import type { Path } from "../tree.ts";
import type { Lowering } from "./lowering.ts";
import { match } from "./tcp_chains.ts";
import { lowerSans, lowerVersions } from "./tls_values.ts";

/** Without certificates of clients, most policies only remove the field. */
export function warnOfForwarding({ tls, forwarded }: ListenerConfig, report: Reporter): void {
  const { clientCertificate: given } = forwarded;
  const policy = typeof given === "string" ? given : given.policy;
  if (policy === "sanitize" || policy === "alwaysForwardOnly") return;
  const asks = tls !== undefined && [tls, ...(tls.names ?? [])].some((t) => t.clientCertificates ?? false);
  if (!asks)
    report.warn(
      ["forwarded", "clientCertificate"],
      `add "clientCertificates" to tls: found none, and without a certificate ${policy} only removes X-Forwarded-Client-Cert`,
    );
}

/** `tls` of a listener. */
export class TlsLowering {
  readonly #c: ListenerTlsConfig;
  readonly #to: Lowering;
  readonly #report: Reporter;
  readonly #certificates: readonly CertificateSpec[];
  readonly #hosts = new Map<string, Path>();
  /** By their names, which metrics know them by. */
  readonly #named = new Map<string, CertificateSpec>();

  readonly #protocols: readonly string[];

  /** `protocols` are agreed on by ALPN where the config names none. */
  constructor(c: ListenerTlsConfig, protocols: readonly string[], to: Lowering, report: Reporter) {
    this.#c = c;
    this.#protocols = protocols;
    this.#to = to;
    this.#report = report;
    this.#certificates = this.#lowerCertificates(c.certificates, ["tls", "certificates"]);
    if (c.ocspStapling && !to.runtime.ocsp)
      report.errorAtKey(
        ["tls", "ocspStapling"],
        `remove "ocspStapling": ${to.runtime.runtime} has no way to send OCSP answers along`,
      );
  }

  /** One chain for each entry of `tls.names`, and one for the rest. */
  chains(handler: FilterChainSpec["handler"]): FilterChainSpec[] {
    const chains: FilterChainSpec[] = (this.#c.names ?? []).map((n, i) => ({
      match: match({ transport: "tls", serverNames: this.#hostsOf(n, ["tls", "names", i, "hosts"]) }),
      tls: this.#lowerNamed(n, ["tls", "names", i]),
      handler,
    }));
    chains.push({ match: match({ transport: "tls" }), tls: this.#whole(), handler });
    return chains;
  }

  /** For the sessions that an entry at `at` names; `alpn`: what they may agree on. */
  forSessions(names: readonly string[], alpn: readonly string[], at: Path): TlsSpec {
    this.#to.tlsFiles.covers(this.#report, [...at, "names"], names, this.#certificates);
    return { ...this.#whole(), alpn: [...new Set(alpn)] };
  }

  #whole(): TlsSpec {
    const c = this.#c;
    return {
      certificates: this.#certificates,
      unknownName: c.unknownName,
      versions: lowerVersions(c, {}, ["tls"], this.#to, this.#report),
      alpn: [...new Set(c.alpn ?? this.#protocols)],
      clientCertificates: this.#clients(c.clientCertificates, ["tls", "clientCertificates"]),
    };
  }

  #lowerNamed(n: PerNameConfig, at: Path): TlsSpec {
    const c = this.#c;
    const own = n.certificates;
    const certificates = own === undefined ? this.#certificates : this.#lowerCertificates(own, [...at, "certificates"]);
    this.#to.tlsFiles.covers(this.#report, [...at, "hosts"], typeof n.hosts === "string" ? [n.hosts] : n.hosts, certificates);
    return {
      certificates,
      unknownName: "default",
      versions: lowerVersions(n, c, at, this.#to, this.#report),
      alpn: [...new Set(n.alpn ?? c.alpn ?? this.#protocols)],
      clientCertificates:
        n.clientCertificates === undefined
          ? this.#clients(c.clientCertificates, ["tls", "clientCertificates"])
          : this.#clients(n.clientCertificates, [...at, "clientCertificates"]),
    };
  }

  #hostsOf(n: PerNameConfig, at: Path): string[] {
    if (typeof n.hosts === "string") return [this.#host(n.hosts, at)];
    return [...new Set(n.hosts.map((h, i) => this.#host(h, [...at, i])))];
  }

  #host(host: string, at: Path): string {
    const before = this.#hosts.get(host);
    if (before === undefined) this.#hosts.set(host, at);
    else
      this.#report.error(
        at,
        `give each name one entry: ${JSON.stringify(host)} stands at ${this.#report.whereIs(before)} too, and its settings can't be both`,
      );
    return host;
  }

  #lowerCertificates(list: readonly CertificateConfig[], at: Path): CertificateSpec[] {
    const seen = new Set<string>();
    return list.map((c, i) => {
      const name = c.name ?? c.cert;
      const spec = { name, cert: this.#to.path(c.cert), key: this.#to.path(c.key) };
      const before = this.#named.get(name);
      const other = before !== undefined && (before.cert !== spec.cert || before.key !== spec.key);
      if (seen.has(name) || other) {
        const what = `name the certificates apart: ${JSON.stringify(name)} stands for two of this listener`;
        this.#report.error([...at, i], what, 'add "name"');
      }
      seen.add(name);
      this.#named.set(name, spec);
      this.#to.tlsFiles.pair(this.#report, [...at, i], spec, i === 0 ? "default" : "server");
      return spec;
    });
  }

  #clients(c: ClientCertificatesConfig | null | undefined, at: Path): ClientCertificatesSpec | null {
    if (c === undefined || c === null) return null;
    const ca = this.#to.path(c.ca);
    this.#to.tlsFiles.authorities(this.#report, [...at, "ca"], ca);
    return { mode: c.mode, ca, allow: lowerSans(c.allow) };
  }
}
