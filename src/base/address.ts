/** Where to listen or to dial. A TCP host is an IP literal without brackets; "" means every address (dual-stack, IPv4 alone where there is no IPv6). */
export type Address = TcpAddress | UnixAddress;
export interface TcpAddress {
  readonly kind: "tcp";
  readonly host: string;
  /** 0 to 65535; 0 lets the system choose when listening. */
  readonly port: number;
}
export interface UnixAddress {
  readonly kind: "unix";
  /** A path, or an abstract name that starts with NUL. */
  readonly path: string;
}

/** Where datagrams come in: a host and a port as of TCP, in a space of numbers of its own. */
export interface UdpAddress {
  readonly kind: "udp";
  readonly host: string;
  readonly port: number;
}
/** What a socket of Weir's can be bound to. */
export type BoundAddress = Address | UdpAddress;

/** As the config writes it: `10.0.0.1:80`, `[::1]:80`, `:80`, `name:80`, `unix:/path`; an abstract unix name begins with `@` as in /proc/net/unix. */
export function addressText(a: BoundAddress): string {
  if (a.kind === "unix") return a.path.startsWith("\0") ? `unix:@${a.path.slice(1)}` : `unix:${a.path}`;
  return a.host.includes(":") ? `[${a.host}]:${a.port}` : `${a.host}:${a.port}`;
}

/** Whether two sockets can't listen on them at the same time. */
export function addressesOverlap(a: BoundAddress, b: BoundAddress): boolean {
  if (a.kind === "unix" || b.kind === "unix") return a.kind === "unix" && b.kind === "unix" && a.path === b.path;
  if (a.kind !== b.kind) return false;
  if (a.port !== b.port || a.port === 0) return false;
  if (a.host === b.host || a.host === "" || b.host === "") return true;
  const sixes = a.host.includes(":");
  if (sixes !== b.host.includes(":")) return false;
  const any = sixes ? "::" : "0.0.0.0";
  return a.host === any || b.host === any;
}
