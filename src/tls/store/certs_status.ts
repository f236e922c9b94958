import type { TlsSecrets } from "./tls_secrets.ts";
import type { CertificateUse } from "./tls_uses.ts";

/** A certificate in use, as `weir certs` tells it. */
export interface CertificateStatus {
  /** Its name in the config. */
  readonly certificate: string;
  /** Listeners and clusters that use it, such as `listener secure`. */
  readonly usedBy: readonly string[];
  readonly names: readonly string[];
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly keyType: string;
  /** SHA-256 of its DER, hex. */
  readonly fingerprint: string;
  /** ISO 8601. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Whole days; negative when it has expired. */
  readonly daysLeft: number;
  readonly cert: string;
  readonly key: string;
  /** What is wrong with the files as they are now, so that they are not used; null: nothing. */
  readonly problem: string | null;
}

/** A file of authorities in use. */
export interface AuthoritiesStatus {
  readonly file: string;
  readonly usedBy: readonly string[];
  readonly certificates: number;
  /** ISO 8601: when the first of them expires. */
  readonly firstExpiry: string;
  readonly problem: string | null;
}

export interface CertsStatus {
  readonly certificates: readonly CertificateStatus[];
  readonly authorities: readonly AuthoritiesStatus[];
}

const DAY_MS = 86_400_000;

/** `now` is in milliseconds since 1970. */
export function certsStatus(secrets: TlsSecrets, now: number): CertsStatus {
  const certificates = new Map<string, CertificateStatus>();
  for (const use of secrets.uses.certificates) {
    const key = JSON.stringify(use.spec);
    const before = certificates.get(key);
    const usedBy = [...(before?.usedBy ?? []), `${use.owner.kind} ${use.owner.name}`];
    certificates.set(key, before === undefined ? statusOf(use, secrets, now) : { ...before, usedBy });
  }
  const authorities = new Map<string, AuthoritiesStatus>();
  for (const { owner, path } of secrets.uses.authorities) {
    const { current, problem } = secrets.authorities(path);
    const usedBy = [...(authorities.get(path)?.usedBy ?? []), `${owner.kind} ${owner.name}`];
    const firstExpiry = new Date(Math.min(...current.anchors.map((a) => a.notAfter))).toISOString();
    authorities.set(path, {
      file: path,
      usedBy,
      certificates: current.anchors.length,
      firstExpiry,
      problem: problem?.message ?? null,
    });
  }
  return { certificates: [...certificates.values()], authorities: [...authorities.values()] };
}

function statusOf({ owner, spec }: CertificateUse, secrets: TlsSecrets, now: number): CertificateStatus {
  const { current: c, problem } = secrets.certificate(spec);
  return {
    certificate: spec.name,
    usedBy: [`${owner.kind} ${owner.name}`],
    names: [...c.names, ...c.ips, ...c.uris],
    subject: c.subject,
    issuer: c.issuer,
    serial: c.serial,
    keyType: c.keyType,
    fingerprint: c.fingerprint,
    notBefore: new Date(c.notBefore).toISOString(),
    notAfter: new Date(c.notAfter).toISOString(),
    daysLeft: Math.floor((c.notAfter - now) / DAY_MS),
    cert: spec.cert,
    key: spec.key,
    problem: problem === null ? null : problem.message,
  };
}
