import type { TcpAddress } from "./types.ts";

const MAPPED = "::ffff:";

/** What the runtime tells of a socket's end; an IPv4 peer of a dual-stack listener is shown as IPv4 (RFC 4291 2.5.5.2). "" and 0 when it is gone. */
export function tcpAddress(host: string | undefined, port: number | undefined): TcpAddress {
  if (host === undefined) return { kind: "tcp", host: "", port: port ?? 0 };
  const plain = host.startsWith(MAPPED) && host.includes(".") ? host.slice(MAPPED.length) : host;
  return { kind: "tcp", host: plain, port: port ?? 0 };
}
