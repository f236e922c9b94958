import type { ForwardedCertificateDetail, ForwardedCertificateSpec } from "../../config/tls_model.ts";
import type { PeerCertificate } from "./peer_certificate.ts";

/** The field's name, lower case. */
export const XFCC = "x-forwarded-client-cert";

/**
 * What X-Forwarded-Client-Cert says on the way upstream, in Envoy's format and by its policies; null: the field is removed.
 * `received` is its value as it came, several fields joined by commas, null when there was none; `peer` is the client's certificate, which
 * was verified, null when the connection has none; `by` are the URIs in the listener's own certificate.
 *
 * @example
 * forwardedCertificate({ policy: "sanitizeSet", details: ["subject", "uri"] }, null, peer, [])
 * // Hash=468ed33b…;Subject="CN=web,O=Example";URI=spiffe://example.org/ns/shop/sa/web
 */
export function forwardedCertificate(
  { policy, details }: ForwardedCertificateSpec,
  received: string | null,
  peer: PeerCertificate | null,
  by: readonly string[],
): string | null {
  if (policy === "alwaysForwardOnly") return received;
  if (policy === "sanitize" || peer === null) return null;
  if (policy === "forwardOnly") return received;
  const own = element(peer, details, by);
  return policy === "appendForward" && received !== null && received !== "" ? `${received},${own}` : own;
}

/** Envoy's order: who it came to, the hash, then the details. */
function element(peer: PeerCertificate, details: readonly ForwardedCertificateDetail[], by: readonly string[]): string {
  const pairs = by.map((uri) => `By=${value(uri)}`);
  pairs.push(`Hash=${peer.hash}`);
  for (const detail of details) pairs.push(...detailPairs(detail, peer));
  return pairs.join(";");
}

function detailPairs(detail: ForwardedCertificateDetail, peer: PeerCertificate): string[] {
  switch (detail) {
    case "subject":
      // There also when it is empty, so that readers can rely on it. RFC 4514 escapes quotes as this format does.
      return [`Subject="${peer.subject}"`];
    case "uri":
      return peer.uris.length === 0 ? ["URI="] : peer.uris.map((u) => `URI=${value(u)}`);
    case "dns":
      return peer.dns.map((d) => `DNS=${value(d)}`);
    case "cert":
      return [`Cert="${urlEncodedPem(peer.chain.slice(0, 1))}"`];
    case "chain":
      return [`Chain="${urlEncodedPem(peer.chain)}"`];
  }
}

/** Quotes stand where a name holds what separates others: it must not make pairs of its own. No URI and no host name has a backslash. */
function value(text: string): string {
  const safe = text.replaceAll("\\", "%5C").replaceAll('"', "%22");
  return /[,;=]/.test(safe) ? `"${safe}"` : safe;
}

function urlEncodedPem(chain: readonly Uint8Array[]): string {
  const pem = chain.map((der) => {
    const base64 = Buffer.from(der).toString("base64").replaceAll(/.{64}/g, "$&\n").replace(/\n$/, "");
    return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
  });
  // Envoy leaves as they are what RFC 3986 calls unreserved.
  return encodeURIComponent(pem.join(""));
}
