import type { SanMatchSpec } from "../../config/tls_model.ts";
import type { AltNames } from "../x509/general_names.ts";
import { hasAllowedName, isForHost } from "./peer_names.ts";
import type { TrustStore } from "./trust_store.ts";
import { chainKey, type VerifiedChains } from "./verified_chains.ts";
import { type PeerRole, verifyChain } from "./verify_chain.ts";

/** Who a peer may be. */
export interface PeerPolicy {
  readonly role: PeerRole;
  readonly trust: TrustStore;
  /** One of them must be among the certificate's names; empty: see `host`. */
  readonly allow: readonly SanMatchSpec[];
  /** The name that the certificate must have when `allow` is empty; null: any. */
  readonly host: string | null;
}

/**
 * The function that a TLS context calls with a peer's certificates (DER, its own first): null when they are good, else why not.
 * `wallNow` is in milliseconds since 1970.
 */
export function peerVerifier(
  policy: PeerPolicy,
  known: VerifiedChains,
  wallNow: () => number,
): (chain: readonly Uint8Array[]) => string | null {
  const { role, trust, allow, host } = policy;
  const id = JSON.stringify([role, trust.version, allow, host]);
  return (chain) => {
    const now = wallNow();
    const key = chainKey(id, chain);
    if (known.has(key, now)) return null;
    const found = verifyChain(chain, role, trust, now);
    if (found.kind === "refused") return found.reason;
    const { names } = found.leaf;
    if (!isAllowed(names, policy)) return `the certificate is for ${namesText(names)}, who may not come here`;
    known.add(key, found.expires);
    return null;
  };
}

function isAllowed(names: AltNames, { allow, host }: PeerPolicy): boolean {
  if (allow.length > 0) return hasAllowedName(names, allow);
  return host === null || isForHost(names, host);
}

const SHOWN = 5;

function namesText(names: AltNames): string {
  const all = [...names.uris, ...names.dns];
  if (all.length === 0) return "nobody by name";
  const shown = all.slice(0, SHOWN).map((n) => JSON.stringify(n));
  return shown.join(", ") + (all.length > SHOWN ? ` and ${all.length - SHOWN} more` : "");
}
