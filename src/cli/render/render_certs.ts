import type { AuthoritiesStatus, CertificateStatus, CertsStatus } from "../../tls/store/certs_status.ts";

const NAMES = 6;

/**
 * Certificates of a running weir as a person reads them:
 *
 *     tls/site.pem: 61 days left, until 2026-03-01T00:00:00Z, used by listener secure
 *       for shop.example.com, *.shop.example.com
 *       issued by CN=R11,O=Let's Encrypt,C=US, serial 03A1, key p256
 *       problem: give the certificate's own key: found the key of another certificate
 */
export function renderCerts({ certificates, authorities }: CertsStatus): string {
  if (certificates.length + authorities.length === 0) return "no certificates are in use\n";
  return [...certificates.map(certificateText), ...authorities.map(authoritiesText)].join("");
}

function certificateText(c: CertificateStatus): string {
  const names = c.names.length === 0 ? "nobody by name" : c.names.slice(0, NAMES).join(", ");
  const more = c.names.length > NAMES ? ` and ${c.names.length - NAMES} more` : "";
  const files = c.certificate === c.cert ? "" : `\n  from ${c.cert}`;
  return `${c.certificate}: ${leftText(c.daysLeft)}, until ${toSecond(c.notAfter)}, used by ${c.usedBy.join(", ")}
  for ${names}${more}${files}
  issued by ${c.issuer === "" ? "nobody by name" : c.issuer}, serial ${c.serial}, key ${c.keyType}
${problemText(c.problem)}`;
}

function authoritiesText(a: AuthoritiesStatus): string {
  const count = a.certificates === 1 ? "1 authority" : `${a.certificates} authorities`;
  return `${a.file}: ${count}, the first expires ${toSecond(a.firstExpiry)}, used by ${a.usedBy.join(", ")}
${problemText(a.problem)}`;
}

function problemText(problem: string | null): string {
  return problem === null ? "" : `  problem: ${problem}\n`;
}

function leftText(days: number): string {
  if (days < 0) return "expired";
  return days === 1 ? "1 day left" : `${days} days left`;
}

function toSecond(iso: string): string {
  return iso.replace(/\.\d+Z$/, "Z");
}
