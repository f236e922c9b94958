import { chmodSync } from "node:fs";
import process from "node:process";
import type { LinuxLibc } from "./linux_libc.ts";
import { errnoName } from "./linux_libc.ts";
import type { MakeListenerOptions } from "./linux_types.ts";
import { ADDRESS_BYTES, AF_INET6, decodeSocketAddress, encodeSocketAddress } from "./socket_address.ts";
import { listenFault } from "./system_fault.ts";
import type { Address } from "./types.ts";
import { isFilePath } from "./unix_path.ts";

export const SOCK_STREAM = 1;
export const SOCK_CLOEXEC = 0o2000000;
export const SOCK_NONBLOCK = 0o4000;
export const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_TYPE = 3;
const SO_REUSEPORT = 15;
const SO_ACCEPTCONN = 30;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_TRANSPARENT = 75;
const IPPROTO_IP = 0;
const IP_TRANSPARENT = 19;
/** Linux cuts it down to its somaxconn. */
const MAX_BACKLOG = 65535;

/** A bound and listening socket that no runtime knows of. Throws what `Platform.listen` rejects with. */
export function makeListener(libc: LinuxLibc, at: Address, o: MakeListenerOptions): number {
  if (at.kind === "unix" || at.host !== "") return open(libc, at, at, o);
  try {
    return open(libc, at, { ...at, host: "::" }, o);
  } catch (e) {
    if (!noIpv6(e)) throw e;
    return open(libc, at, { ...at, host: "0.0.0.0" }, o);
  }
}

/** What a socket is bound to, as the config writes it; null: no socket, or of another family. */
export function boundAddress(libc: LinuxLibc, fd: number): Address | null {
  const at = nameOf(libc, fd, "getsockname");
  if (at === null || at.kind === "unix" || at.host !== "::") return at;
  return libc.getInt(fd, IPPROTO_IPV6, IPV6_V6ONLY) === 0 ? { ...at, host: "" } : at;
}

/** One end's address as the kernel has it. Null: no socket, not connected, or of another family. */
export function nameOf(libc: LinuxLibc, fd: number, end: "getsockname" | "getpeername"): Address | null {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  const size = Uint8Array.of(ADDRESS_BYTES, 0, 0, 0);
  return libc.c[end](fd, bytes, size) === 0 ? decodeSocketAddress(bytes.subarray(0, size[0])) : null;
}

/** Null: no listening stream socket. */
export function listening(libc: LinuxLibc, fd: number): { readonly reusePort: boolean } | null {
  if (libc.getInt(fd, SOL_SOCKET, SO_ACCEPTCONN) !== 1 || !isStream(libc, fd)) return null;
  return { reusePort: libc.getInt(fd, SOL_SOCKET, SO_REUSEPORT) === 1 };
}

/** Leave for addresses that are not this host's (ip(7)); it takes CAP_NET_ADMIN. */
export function setTransparent(libc: LinuxLibc, fd: number, family: number): number {
  const four = libc.setInt(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
  return family === AF_INET6 && four === 0 ? libc.setInt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1) : four;
}

export function isStream(libc: LinuxLibc, fd: number): boolean {
  return libc.getInt(fd, SOL_SOCKET, SO_TYPE) === SOCK_STREAM;
}

/** `shown`: what was asked for. */
function open(libc: LinuxLibc, shown: Address, at: Address, o: MakeListenerOptions): number {
  const { family, bytes } = encode(shown, at);
  const fd = libc.c.socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw fault(libc, shown);
  const must = (result: number): void => {
    if (result === 0) return;
    const e = fault(libc, shown);
    libc.c.close(fd);
    throw e;
  };
  if (at.kind === "tcp") {
    must(libc.setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    if (o.reusePort === true) must(libc.setInt(fd, SOL_SOCKET, SO_REUSEPORT, 1));
    if (o.transparent === true) must(setTransparent(libc, fd, family));
    if (family === AF_INET6) must(libc.setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, shown === at && o.ipv6Only === true ? 1 : 0));
  }
  // The mode holds from the moment the file exists.
  const file = at.kind === "unix" && isFilePath(at.path) && o.mode !== undefined ? { path: at.path, mode: o.mode } : null;
  const mask = file === null ? 0 : process.umask(0o777 & ~file.mode);
  const bound = libc.c.bind(fd, bytes, bytes.length);
  const e = bound === 0 ? null : fault(libc, shown);
  if (file !== null) process.umask(mask);
  if (e !== null) {
    libc.c.close(fd);
    throw e;
  }
  if (file !== null) chmodSync(file.path, file.mode);
  must(libc.c.listen(fd, o.backlog ?? MAX_BACKLOG));
  return fd;
}

function encode(shown: Address, at: Address): ReturnType<typeof encodeSocketAddress> {
  try {
    return encodeSocketAddress(at);
  } catch (e) {
    throw listenFault(shown, e);
  }
}

function fault(libc: LinuxLibc, at: Address): ReturnType<typeof listenFault> {
  return listenFault(at, { code: errnoName(libc.errno) });
}

/** A system without IPv6 says so when the socket is made or bound. */
function noIpv6(e: unknown): boolean {
  const code = ((e as Error).cause as { code?: string } | undefined)?.code;
  return code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL";
}
