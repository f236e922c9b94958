import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";

/**
 * What speaks against a certificate's names for the server `name`, a DNS name or an address; undefined: nothing. RFC 9525 6.3: the common
 * name is none of them, which the runtimes still look at where there is no DNS name.
 */
export function serverIdentityFault(name: string, cert: PeerCertificate): Error | string | undefined {
  if (isIP(name) === 0 && !/(?:^|, )DNS:/.test(cert.subjectaltname ?? "")) return "a certificate without a DNS name";
  return checkServerIdentity(name, cert);
}
