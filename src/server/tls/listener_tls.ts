import type { ListenerSpec } from "../../config/model.ts";
import type { TlsSpec } from "../../config/tls_model.ts";
import { hostKey } from "../../http/authority.ts";
import type { Closer, PlatformTls, TlsServerContext } from "../../platform/types.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import type { Certificate } from "../../tls/certificate.ts";
import { CertificateChoice } from "../../tls/certificate_choice.ts";
import type { ClientHello } from "../../tls/hello/client_hello.ts";
import { NameTable } from "../../tls/name_table.ts";
import { peerVerifier } from "../../tls/peer/peer_verifier.ts";
import type { TrustStore } from "../../tls/peer/trust_store.ts";
import type { VerifiedChains } from "../../tls/peer/verified_chains.ts";
import type { Secret } from "../../tls/store/secret.ts";
import type { PreparedSecrets, TlsSecrets } from "../../tls/store/tls_secrets.ts";

/** What TLS needs of the process. */
export interface TlsEnv {
  readonly tls: PlatformTls;
  readonly secrets: TlsSecrets;
  readonly known: VerifiedChains;
  readonly log: EventLog;
  readonly wallNow: () => number;
}

/** TLS of a listener in force: which chain a name has, and which certificate a client gets. */
export class ListenerTls {
  readonly #chains: readonly ChainTls[];
  readonly #byName = new NameTable<ChainTls>("anyLabels");
  #rest: ChainTls | null = null;
  /** One of the chains asks for certificates and serves no one without. */
  readonly #demands: boolean;

  /** Throws a ProxyError when the runtime can't keep what a chain asks for. */
  constructor(env: TlsEnv, spec: ListenerSpec, among: PreparedSecrets) {
    const chains: ChainTls[] = [];
    for (const { match, tls } of spec.chains) {
      if (tls === null) continue;
      const chain = new ChainTls(env, spec.name, tls, among);
      chains.push(chain);
      if (match.serverNames.length === 0) this.#rest ??= chain;
      else for (const name of match.serverNames) this.#byName.add(name, chain);
    }
    this.#chains = chains;
    this.#demands = chains.some((c) => c.demandsCertificate);
  }

  /** The context of a client's hello; null: no chain, or no certificate, is for its name. */
  choose(hello: ClientHello): TlsServerContext | null {
    return this.#chainOf(hello.serverName)?.choose(hello) ?? null;
  }

  /** What is asked of clients of that name (of a hello, or an authority): two names with the same answer may share a connection. */
  policyOf(name: string | null): string {
    return this.#chains.length === 1 ? this.#chains[0]!.policy : (this.#chainOf(name)?.policy ?? "");
  }

  /** The same of an authority, port and all. */
  policyOfAuthority(authority: string): string {
    return this.#chains.length === 1 ? this.#chains[0]!.policy : this.policyOf(hostKey(authority));
  }

  /** Whether a client of that authority must show a certificate. */
  demandsCertificate(authority: string): boolean {
    return this.#demands && this.#chainOf(hostKey(authority))?.demandsCertificate === true;
  }

  close(): void {
    for (const c of this.#chains) c.close();
  }

  #chainOf(name: string | null): ChainTls | null {
    return (name === null ? null : this.#byName.find(name)) ?? this.#rest;
  }
}

/** One chain's certificates as contexts, made anew when a file changes. */
class ChainTls {
  /** All that decides about a client but for its certificate's authority. */
  readonly policy: string;
  readonly #env: TlsEnv;
  readonly #listener: string;
  readonly #spec: TlsSpec;
  readonly #certificates: readonly Secret<Certificate>[];
  readonly #trust: Secret<TrustStore> | null;
  readonly #watches: readonly Closer[];
  #choice: CertificateChoice<Certificate>;
  /** By the certificate's version. */
  #contexts: ReadonlyMap<string, TlsServerContext>;

  constructor(env: TlsEnv, listener: string, spec: TlsSpec, among: PreparedSecrets) {
    this.#env = env;
    this.#listener = listener;
    this.#spec = spec;
    const { clientCertificates: clients, versions, alpn } = spec;
    this.policy = JSON.stringify([clients, versions.minVersion, versions.maxVersion, alpn]);
    this.#certificates = spec.certificates.map((c) => env.secrets.certificate(c, among));
    this.#trust = clients === null ? null : env.secrets.authorities(clients.ca, among);
    this.#contexts = this.#makeContexts(new Map());
    this.#choice = this.#makeChoice();
    const changed = (): void => this.#replace();
    this.#watches = [...this.#certificates, ...(this.#trust === null ? [] : [this.#trust])].map((s) => s.onChange(changed));
  }

  get demandsCertificate(): boolean {
    return this.#spec.clientCertificates?.mode === "require";
  }

  choose(hello: ClientHello): TlsServerContext | null {
    const certificate = this.#choice.choose(hello);
    return certificate === null ? null : this.#contexts.get(certificate.version)!;
  }

  close(): void {
    for (const w of this.#watches) w.close();
  }

  #replace(): void {
    try {
      this.#contexts = this.#makeContexts(this.#contexts);
      this.#choice = this.#makeChoice();
    } catch (e) {
      const reason = e instanceof Error ? e.message : String(e);
      this.#env.log.log("error", "a replaced certificate can't be used, the one before stays", {
        listener: this.#listener,
        reason,
      });
    }
  }

  #makeChoice(): CertificateChoice<Certificate> {
    const { unknownName, versions } = this.#spec;
    return new CertificateChoice(
      this.#certificates.map((s) => s.current),
      unknownName,
      versions,
    );
  }

  /** Contexts that stay good are kept: sessions that were begun with them can be resumed. */
  #makeContexts(before: ReadonlyMap<string, TlsServerContext>): Map<string, TlsServerContext> {
    const trust = this.#trust?.current ?? null;
    const contexts = new Map<string, TlsServerContext>();
    for (const { current } of this.#certificates) {
      const there = before.get(current.version);
      const stays = there !== undefined && there.options.clientCa === (trust?.pem ?? null);
      contexts.set(current.version, stays ? there : this.#makeContext(current, trust));
    }
    return contexts;
  }

  #makeContext(c: Certificate, trust: TrustStore | null): TlsServerContext {
    const { tls, known, wallNow } = this.#env;
    const { versions, alpn, clientCertificates: clients } = this.#spec;
    return tls.serverContext({
      cert: c.certPem,
      key: c.keyPem,
      clientAuth: clients === null ? "none" : clients.mode,
      clientCa: trust === null ? null : trust.pem,
      ...versions,
      alpn,
      verifyPeer:
        trust === null ? null : peerVerifier({ role: "client", trust, allow: clients!.allow, host: null }, known, wallNow),
    });
  }
}
