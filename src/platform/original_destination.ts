import type { LinuxLibc } from "./linux_libc.ts";
import { boundAddress } from "./raw_listener.ts";
import { decodeSocketAddress } from "./socket_address.ts";
import type { Address } from "./types.ts";

const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;
/** Netfilter's SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST. */
const ORIGINAL_DESTINATION = 80;
const IN_BYTES = 16;
const IN6_BYTES = 28;

/** What netfilter's connection tracking has as the destination before REDIRECT or DNAT; null: no such rule touched the connection. */
export function originalDestination(libc: LinuxLibc, fd: number): Address | null {
  const local = boundAddress(libc, fd);
  if (local === null || local.kind !== "tcp") return null;
  // A dual-stack socket shows an IPv4 peer's connection as mapped, and the kernel tracks it as IPv4.
  const four = !local.host.includes(":") || local.host.startsWith("::ffff:");
  const found = four ? read(libc, fd, IPPROTO_IP, IN_BYTES) : read(libc, fd, IPPROTO_IPV6, IN6_BYTES);
  if (found === null || found.kind !== "tcp") return null;
  const plain = local.host.startsWith("::ffff:") ? local.host.slice("::ffff:".length) : local.host;
  // Without a rule the kernel, if it tracks at all, tells the socket's own end.
  return found.port === local.port && found.host === plain ? null : found;
}

function read(libc: LinuxLibc, fd: number, level: number, bytes: number): Address | null {
  const out = new Uint8Array(bytes);
  if (libc.c.getsockopt(fd, level, ORIGINAL_DESTINATION, out, Uint8Array.of(bytes, 0, 0, 0)) !== 0) return null;
  return decodeSocketAddress(out);
}
