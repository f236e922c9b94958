/** TLS towards clients, of one filter chain. Files are paths; what they hold now is no part of the model, for they change by themselves. */
export interface TlsSpec {
  /** The first one is the default; never empty. */
  readonly certificates: readonly CertificateSpec[];
  /** What a client gets that asks for a name that no certificate has, or for none: the default certificate, or an alert. */
  readonly unknownName: "default" | "refuse";
  readonly versions: TlsVersionsSpec;
  /** In the order of preference; never empty. */
  readonly alpn: readonly string[];
  /** null: clients are not asked for a certificate. */
  readonly clientCertificates: ClientCertificatesSpec | null;
}

export interface TlsVersionsSpec {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Suites of TLS 1.2 in OpenSSL's form, with colons between; null: the runtime's own. */
  readonly ciphers: string | null;
  /** Groups for the key exchange, with colons between; null: the runtime's own. */
  readonly curves: string | null;
}

export type TlsVersion = "1.2" | "1.3";

/** A certificate with its chain, and its key: PEM files. */
export interface CertificateSpec {
  /** For metrics and messages: the certificate's path as the config says it, unless it says a name. */
  readonly name: string;
  readonly cert: string;
  readonly key: string;
}

export interface ClientCertificatesSpec {
  /** `request`: a client may leave it out; a bad one is refused all the same. */
  readonly mode: "request" | "require";
  /** PEM file of the authorities that vouch for clients. */
  readonly ca: string;
  /** One of them must be among the certificate's names; empty: whatever the authorities vouch for. */
  readonly allow: readonly SanMatchSpec[];
}

/** A subject alternative name (RFC 5280 4.2.1.6). */
export interface SanMatchSpec {
  readonly type: "dns" | "uri" | "ip";
  /** `prefix`: a URI that begins so, up to and with a slash; `oneLabel`: `*.example.com`, a DNS name with one label in the star's place. */
  readonly match: "exact" | "prefix" | "oneLabel";
  /** DNS names in lower case, addresses in canonical form. */
  readonly value: string;
}

/** TLS towards an upstream. */
export interface UpstreamTlsSpec {
  /** PEM file of the authorities that vouch for servers; null: those that the runtime brings. */
  readonly ca: string | null;
  /** Name that is asked for and that the certificate must have; null: the endpoint's host. */
  readonly serverName: string | null;
  /** One of them must be among the certificate's names, instead of the server's; empty: the server's. */
  readonly sans: readonly SanMatchSpec[];
  /** What Weir shows of itself when it is asked; null: nothing. */
  readonly certificate: CertificateSpec | null;
  readonly versions: TlsVersionsSpec;
  /** In the order of preference; empty: none is offered. */
  readonly alpn: readonly string[];
  /** false: any certificate is taken. */
  readonly verify: boolean;
}

/** X-Forwarded-Client-Cert, as Envoy has it. */
export interface ForwardedCertificateSpec {
  /**
   * `sanitize` removes it; `forwardOnly` and `appendForward` pass on what came, and `appendForward` and `sanitizeSet` tell of this
   * connection's certificate, all three on connections with one alone; `alwaysForwardOnly` passes on what came.
   */
  readonly policy: "sanitize" | "forwardOnly" | "appendForward" | "sanitizeSet" | "alwaysForwardOnly";
  /** Told besides the certificate's hash, in this order. */
  readonly details: readonly ForwardedCertificateDetail[];
}

export type ForwardedCertificateDetail = "subject" | "uri" | "dns" | "cert" | "chain";
