import type { Model } from "../../config/model.ts";
import type { CertificateSpec } from "../../config/tls_model.ts";

/** Where a model uses a certificate or a file of authorities. */
export interface Owner {
  readonly kind: "listener" | "cluster";
  readonly name: string;
}

export interface CertificateUse {
  readonly owner: Owner;
  readonly spec: CertificateSpec;
}

export interface AuthoritiesUse {
  readonly owner: Owner;
  readonly path: string;
}

/** All of them, each once for an owner. */
export function tlsUses(model: Model): { readonly certificates: CertificateUse[]; readonly authorities: AuthoritiesUse[] } {
  const certificates = new Map<string, CertificateUse>();
  const authorities = new Map<string, AuthoritiesUse>();
  const addCertificate = (owner: Owner, spec: CertificateSpec): void => {
    certificates.set(JSON.stringify([owner.kind, owner.name, spec.name, spec.cert, spec.key]), { owner, spec });
  };
  const addAuthorities = (owner: Owner, path: string): void => {
    authorities.set(JSON.stringify([owner.kind, owner.name, path]), { owner, path });
  };
  for (const l of model.listeners.values()) {
    const owner: Owner = { kind: "listener", name: l.name };
    for (const { tls } of l.chains) {
      for (const c of tls?.certificates ?? []) addCertificate(owner, c);
      if (tls?.clientCertificates) addAuthorities(owner, tls.clientCertificates.ca);
    }
  }
  for (const { name, tls } of model.clusters.values()) {
    const owner: Owner = { kind: "cluster", name };
    if (tls?.certificate) addCertificate(owner, tls.certificate);
    if (tls?.ca) addAuthorities(owner, tls.ca);
  }
  return { certificates: [...certificates.values()], authorities: [...authorities.values()] };
}

/** One pair of files is one secret, whoever uses it. */
export function pairId(spec: Pick<CertificateSpec, "cert" | "key">): string {
  return `${spec.cert}\0${spec.key}`;
}
