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

/** What is asked of clients of a name. */
interface NamePolicy {
  /** Two names with the same one may share a connection. */
  readonly policy: string;
  readonly demandsCertificate: boolean;
}

/** TLS of a listener in force: which certificate a client gets, and what is asked of it. */
export class ListenerTls {
  /** As the spec has its chains; null: one that ends no TLS. */
  readonly #chains: readonly (ChainTls | null)[];
  readonly #byName = new NameTable<NamePolicy>("anyLabels");
  #rest: NamePolicy | null = null;
  /** All names have the same policy. */
  readonly #uniform: boolean;
  /** One of the chains asks for certificates and serves no one without. */
  readonly #demands: boolean;

  /** Throws a ProxyError when the runtime can't keep what a chain asks for. */
  constructor(env: TlsEnv, spec: ListenerSpec, among: PreparedSecrets) {
    this.#chains = spec.chains.map(({ tls }) => (tls === null ? null : new ChainTls(env, spec.name, tls, among)));
    const policies: NamePolicy[] = [];
    for (const [i, { match, handler }] of spec.chains.entries()) {
      const chain = this.#chains[i]!;
      const whole = match.alpn.length === 0 && match.sources.length === 0;
      // Of a name whose connections go elsewhere as they come, or to another protocol, no request is served here.
      if (!whole || (handler.kind === "tcp" && match.serverNames.length === 0) || (chain === null && handler.kind === "http"))
        continue;
      const policy = handler.kind === "tcp" ? ELSEWHERE : chain!;
      policies.push(policy);
      if (match.serverNames.length === 0) this.#rest ??= policy;
      else for (const name of match.serverNames) this.#byName.add(name, policy);
    }
    this.#uniform = policies.length === 1 && this.#rest !== null;
    this.#demands = policies.some((p) => p.demandsCertificate);
  }

  /** The context of a client's hello; null: the chain has no certificate for its name. */
  choose(chain: number, hello: ClientHello): TlsServerContext | null {
    return this.#chains[chain]!.choose(hello);
  }

  /** What is asked of clients of that name (of a hello, or an authority): two names with the same answer may share a connection. */
  policyOf(name: string | null): string {
    return this.#uniform ? this.#rest!.policy : (this.#policyOf(name)?.policy ?? "");
  }

  /** The same of an authority, port and all. */
  policyOfAuthority(authority: string): string {
    return this.#uniform ? this.#rest!.policy : this.policyOf(hostKey(authority));
  }

  /** Whether a client of that authority must show a certificate. */
  demandsCertificate(authority: string): boolean {
    return this.#demands && this.#policyOf(hostKey(authority))?.demandsCertificate === true;
  }

  close(): void {
    for (const c of this.#chains) c?.close();
  }

  #policyOf(name: string | null): NamePolicy | null {
    return (name === null ? null : this.#byName.find(name)) ?? this.#rest;
  }
}

/** Of a name whose connections are not this listener's to read. */
const ELSEWHERE: NamePolicy = { policy: "elsewhere", demandsCertificate: false };

/** One chain's certificates as contexts, made anew when a file changes. */
class ChainTls implements NamePolicy {
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
