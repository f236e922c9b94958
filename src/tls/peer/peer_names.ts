import { parseAddress } from "../../base/cidr.ts";
import type { SanMatchSpec } from "../../config/tls_model.ts";
import { type AltNames, ipText } from "../x509/general_names.ts";

/** Whether a certificate with these names is for one of those that are allowed. */
export function hasAllowedName(names: AltNames, allow: readonly SanMatchSpec[]): boolean {
  return allow.some((a) => {
    if (a.type === "ip") return names.ips.some((ip) => ipText(ip) === a.value);
    if (a.type === "dns") return names.dns.some((n) => isDnsAllowed(n.toLowerCase(), a));
    return names.uris.some((u) => isUriAllowed(u, a));
  });
}

/** Whether a certificate with these names is the one of a server (RFC 9525 6): a host name, or an IP literal without brackets. */
export function isForHost(names: AltNames, host: string): boolean {
  const address = parseAddress(host);
  if (address !== null) {
    const bytes = host.includes(":") ? address : address.subarray(12);
    return names.ips.some((ip) => ip.length === bytes.length && ip.every((b, i) => b === bytes[i]));
  }
  const name = host.toLowerCase();
  return name !== "" && names.dns.some((n) => isDnsMatch(n.toLowerCase(), name));
}

/** RFC 9525 6.3: a star is the whole left-most label, and stands for one. */
function isDnsMatch(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === name;
  const dot = name.indexOf(".");
  // With one label behind the star it would stand for everybody's names.
  return dot > 0 && name.slice(dot) === pattern.slice(1) && name.indexOf(".", dot + 1) > 0;
}

/** The name of a certificate is compared as a name: a wildcard in it is for servers, and stands for itself here. */
function isDnsAllowed(name: string, a: SanMatchSpec): boolean {
  if (a.match === "exact") return name === a.value;
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === a.value.slice(1);
}

function isUriAllowed(uri: string, a: SanMatchSpec): boolean {
  if (a.match === "exact") return uri === a.value;
  // Dot segments could lead out of what the prefix names, and are in no identity (SPIFFE-ID 2.2).
  return uri.startsWith(a.value) && uri.length > a.value.length && !/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|[?#\\]/i.test(uri);
}
