import ipaddr from "ipaddr.js";
import type { Address } from "../../../platform/types.ts";
import { type Leaf, leaf, mismatch, Refusal, refuse } from "./leaf.ts";

const LISTEN_WANTED = 'an address such as ":8080", "127.0.0.1:8080", "[::1]:8080" or "unix:/run/app.sock"';
const DIAL_WANTED = 'an address such as "10.0.0.1:8080", "app.internal:8080", "[::1]:8080" or "unix:/run/app.sock"';
/** What sockaddr_un holds on Linux, its NUL not counted. */
const UNIX_PATH_BYTES = 107;
/** RFC 1123 2.1 and, as resolvers do, `_`. */
const NAME = /^(?=.{1,253}$)(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?$/;

/** Where to listen: an IP literal, or nothing for every address. */
export const listenAddress: Leaf<Address> = leaf(
  {
    id: "ListenAddress",
    type: "string",
    examples: [":8080", "127.0.0.1:8080", "[::1]:8080", "unix:/run/weir/web.sock", "unix:@abstract"],
  },
  (v) => readAddress(v, LISTEN_WANTED, listenHost, 0),
);

/** Where an endpoint is: an IP literal or a host name, port always. */
export const dialAddress: Leaf<Address> = leaf(
  {
    id: "EndpointAddress",
    type: "string",
    examples: ["10.0.0.11:8080", "app.internal:8080", "[::1]:8080", "unix:/run/app.sock"],
  },
  (v) => readAddress(v, DIAL_WANTED, dialHost, 1),
);

/** Reads the address of an endpoint that something else than a config tells; a string: what is wrong with it. */
export function readDialAddress(text: string): Address | string {
  const read = readAddress(text, DIAL_WANTED, dialHost, 1);
  if (!(read instanceof Refusal)) return read;
  const { wanted, hint } = read.facts;
  const message = wanted === undefined ? read.message : `send ${wanted}: found ${JSON.stringify(text)}`;
  return hint === undefined || hint === "" ? message : `${message} (${hint})`;
}

type ReadHost = (host: string, bracketed: boolean, whole: string) => string | Refusal;

function readAddress(v: unknown, wanted: string, readHost: ReadHost, leastPort: number): Address | Refusal {
  const local = leastPort === 0 ? "" : "127.0.0.1";
  if (typeof v === "number") return mismatch(wanted, `did you mean "${local}:${v}"?`);
  if (typeof v !== "string") return mismatch(wanted);
  if (v.startsWith("unix:")) return readUnix(v);
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.exec(v);
  if (url !== null) {
    const rest = v.slice(url[0].length).replace(/\/.*$/, "");
    return refuse(
      `leave out the scheme and the path: found ${JSON.stringify(v)}, wanted ${wanted}`,
      `did you mean ${JSON.stringify(/:\d+$/.test(rest) ? rest : `${rest}:80`)}?`,
    );
  }
  const m = /^(\[([^\]]*)\]|[^:]*):([0-9]{1,5})$/.exec(v);
  if (m === null) {
    if (/^[0-9]+$/.test(v)) return mismatch(wanted, `did you mean "${local}:${v}"?`);
    if (ipaddr.IPv6.isValid(v)) return mismatch(wanted, 'an IPv6 address stands in brackets, as in "[::1]:8080"');
    return mismatch(wanted, v.includes(":") ? "" : `a port is missing: "${v}:8080"`);
  }
  const port = Number(m[3]);
  if (port < leastPort || port > 65535) return refuse(`change the port: found ${port}, wanted ${leastPort} to 65535`);
  const host = readHost(m[2] ?? m[1]!, m[2] !== undefined, v);
  return typeof host === "string" ? { kind: "tcp", host, port } : host;
}

function readUnix(v: string): Address | Refusal {
  const path = v.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
  if (path === "" || path === "@") return refuse(`name the socket: found ${JSON.stringify(v)}, wanted "unix:/run/app.sock"`);
  if (path.includes("\0"))
    return refuse(`remove the NUL from the path: found ${JSON.stringify(v)}`, 'an abstract socket is written "unix:@name"');
  if (new TextEncoder().encode(path).length > UNIX_PATH_BYTES)
    return refuse(
      `shorten the path: found ${path.length} characters, wanted at most ${UNIX_PATH_BYTES} bytes, all that a unix socket takes`,
    );
  return { kind: "unix", path: path.startsWith("@") ? `\0${path.slice(1)}` : path };
}

function listenHost(host: string, bracketed: boolean, whole: string): string | Refusal {
  if (host === "" && !bracketed) return "";
  if (host === "*") return refuse(`leave out the "*": found ${JSON.stringify(whole)}`, `":${whole.slice(2)}" is every address`);
  const ip = ipLiteral(host, bracketed);
  if (ip !== null) return ip;
  if (host === "localhost")
    return refuse(`write an IP address: found ${JSON.stringify(whole)}`, 'localhost is "127.0.0.1" or "[::1]"');
  return refuse(`write an IP address: found ${JSON.stringify(host)}, wanted ${LISTEN_WANTED}`);
}

function dialHost(host: string, bracketed: boolean, whole: string): string | Refusal {
  const ip = ipLiteral(host, bracketed);
  if (ip !== null) return ip;
  if (host === "") return refuse(`name the host: found ${JSON.stringify(whole)}`, `this host is "127.0.0.1${whole}"`);
  if (bracketed || /^[0-9.]+$/.test(host) || !NAME.test(host))
    return refuse(`correct the host: found ${JSON.stringify(host)}, wanted an IP address or a host name`);
  return host.toLowerCase();
}

/** The address in its canonical form; null: no literal. */
function ipLiteral(host: string, bracketed: boolean): string | null {
  if (bracketed)
    return ipaddr.IPv6.isValid(host) ? (host.includes("%") ? host : ipaddr.IPv6.parse(host).toRFC5952String()) : null;
  return ipaddr.IPv4.isValidFourPartDecimal(host) ? host : null;
}
