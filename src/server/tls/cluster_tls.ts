import type { SanMatchSpec, UpstreamTlsSpec } from "../../config/tls_model.ts";
import type { Closer, TlsClientContext } from "../../platform/types.ts";
import type { Certificate } from "../../tls/certificate.ts";
import { hasAllowedName } from "../../tls/peer/peer_names.ts";
import type { TrustStore } from "../../tls/peer/trust_store.ts";
import type { Secret } from "../../tls/store/secret.ts";
import type { PreparedSecrets } from "../../tls/store/tls_secrets.ts";
import { parseCertificate } from "../../tls/x509/parse_certificate.ts";
import type { UpstreamTls } from "../../upstream/types.ts";
import type { TlsEnv } from "./listener_tls.ts";

/** TLS towards a cluster: the context for the next dial, made anew when a file changes. */
export class ClusterTls implements UpstreamTls {
  readonly spec: UpstreamTlsSpec;
  readonly serverName: string | null;
  context: TlsClientContext;
  readonly #env: TlsEnv;
  readonly #cluster: string;
  readonly #certificate: Secret<Certificate> | null;
  readonly #trust: Secret<TrustStore> | null;
  readonly #watches: readonly Closer[];

  /** Throws a ProxyError when the runtime can't keep what is asked for. */
  constructor(env: TlsEnv, cluster: string, spec: UpstreamTlsSpec, among: PreparedSecrets) {
    this.#env = env;
    this.#cluster = cluster;
    this.spec = spec;
    this.serverName = spec.serverName;
    this.#certificate = spec.certificate === null ? null : env.secrets.certificate(spec.certificate, among);
    this.#trust = spec.ca === null ? null : env.secrets.authorities(spec.ca, among);
    this.context = this.#make();
    const changed = (): void => this.#replace();
    this.#watches = [this.#certificate, this.#trust].flatMap((s) => (s === null ? [] : [s.onChange(changed)]));
  }

  close(): void {
    for (const w of this.#watches) w.close();
  }

  #replace(): void {
    try {
      this.context = this.#make();
    } catch (e) {
      const reason = e instanceof Error ? e.message : String(e);
      this.#env.log.log("error", "a replaced certificate can't be used, the one before stays", {
        cluster: this.#cluster,
        reason,
      });
    }
  }

  #make(): TlsClientContext {
    const { versions, alpn, sans, verify } = this.spec;
    const own = this.#certificate?.current ?? null;
    return this.#env.tls.clientContext({
      ca: this.#trust?.current.pem ?? null,
      cert: own?.certPem ?? null,
      key: own?.keyPem ?? null,
      ...versions,
      alpn,
      insecureSkipVerify: !verify,
      verifyPeer: verify && sans.length > 0 ? (chain) => namesFault(chain, sans) : null,
    });
  }
}

/** The chain is checked by then; this stands for the check of the server's name. */
function namesFault(chain: readonly Uint8Array[], sans: readonly SanMatchSpec[]): string | null {
  const leaf = chain[0] === undefined ? null : parseCertificate(chain[0]);
  if (leaf === null) return "the certificate can't be read";
  return hasAllowedName(leaf.names, sans) ? null : "the certificate has none of the names that are allowed";
}
