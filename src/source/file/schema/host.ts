import ipaddr from "ipaddr.js";
import { type Leaf, leaf, type Refusal, refuse } from "./leaf.ts";
import { wantText } from "./scalar.ts";

const WANTED = 'a host such as "shop.example.com", "*.example.com" or "*"';
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/** A host of a route: exact, `*.suffix` or `*`, with a port when only that one is meant. Lower case. */
export const hostPattern: Leaf<string> = leaf(
  { id: "HostPattern", type: "string", examples: ["shop.example.com", "*.example.com", "localhost:8080"] },
  (v) => {
    if (typeof v !== "string") return wantText(WANTED, v);
    return readHost(v, true);
  },
);

/** A host to send on or to redirect to: no wildcard. Lower case. */
export function hostName(allowPort: boolean, others: readonly string[] = []): Leaf<string> {
  return leaf({ type: "string", examples: [...others, "shop.example.com"] }, (v) => {
    if (typeof v !== "string") return wantText('a host such as "shop.example.com"', v);
    const host = readHost(v, false);
    if (typeof host !== "string" || allowPort || !/:[0-9]+$/.test(host)) return host;
    return refuse(`give the port by "port": found ${JSON.stringify(v)}, wanted a host alone`);
  });
}

function readHost(v: string, wildcard: boolean): string | Refusal {
  const found = `found ${JSON.stringify(v)}`;
  if (v.includes("://") || v.includes("/"))
    return refuse(
      `leave out the scheme and the path: ${found}, wanted ${WANTED}`,
      suggestion(v.replace(/^[a-z]+:\/\//i, "").replace(/\/.*$/, "")),
    );
  const m = /^(\[[^\]]*\]|[^:]*)(?::([0-9]{1,5}))?$/.exec(v);
  if (m === null || m[1] === "") return refuse(`correct the host: ${found}, wanted ${WANTED}`);
  const host = m[1]!.toLowerCase();
  if (m[2] !== undefined && (Number(m[2]) < 1 || Number(m[2]) > 65535))
    return refuse(`change the port: ${found}, wanted 1 to 65535`);
  const port = m[2] === undefined ? "" : `:${Number(m[2])}`;
  if (host.startsWith("[")) {
    if (!ipaddr.IPv6.isValid(host.slice(1, -1))) return refuse(`correct the IPv6 address: ${found}`);
    return host + port;
  }
  // A host is compared as the client sent it, and clients send IDNs as punycode (RFC 5890).
  if (/[^\0-\x7f]/.test(host)) return refuse(`write the host in its ASCII form: ${found}`, suggestion(asciiOf(host) + port));
  if (wildcard && host === "*") return host + port;
  const name = wildcard && host.startsWith("*.") ? host.slice(2) : host;
  if (name.includes("*")) return refuse(`place the "*" first: ${found}, wanted ${WANTED}`);
  if (name.endsWith(".")) return refuse(`remove the dot at the end: ${found}`, suggestion(v.replace(/\.(?=$|:)/, "")));
  if (name.length > 253 || !name.split(".").every((l) => LABEL.test(l)))
    return refuse(`correct the host: ${found}, wanted ${WANTED}`);
  return host + port;
}

function asciiOf(host: string): string {
  try {
    return new URL(`http://${host.replace(/^\*\./, "x.")}/`).hostname.replace(/^x\./, host.startsWith("*.") ? "*." : "x.");
  } catch {
    return "";
  }
}

function suggestion(s: string): string {
  return s === "" || s.startsWith(":") ? "" : `did you mean ${JSON.stringify(s)}?`;
}
