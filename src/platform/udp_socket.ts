import type { TcpAddress } from "../base/address.ts";
import type { ProxyError } from "../base/error.ts";
import { errnoName, type LinuxLibc } from "./linux_libc.ts";
import { SOCK_CLOEXEC, SOCK_NONBLOCK, SOL_SOCKET } from "./raw_listener.ts";
import { AF_INET6, encodeSocketAddress } from "./socket_address.ts";
import { dialFault, listenFault } from "./system_fault.ts";
import type { UdpFault, UdpOptions } from "./udp_types.ts";

const SOCK_DGRAM = 2;
const SO_REUSEADDR = 2;
const SO_TYPE = 3;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_REUSEPORT = 15;
const SO_MEMINFO = 55;
const IPPROTO_IP = 0;
const IP_PKTINFO = 8;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_RECVPKTINFO = 49;
/** Of the nine figures that SO_MEMINFO tells, the last: datagrams dropped. */
const MEMINFO_BYTES = 36;
const MEMINFO_DROPS = 32;

/** A bound datagram socket. Throws what `Platform.udp` rejects with. */
export function bindUdp(libc: LinuxLibc, at: TcpAddress, o: UdpOptions): number {
  if (at.host !== "") return bindOne(libc, at, at, o);
  try {
    return bindOne(libc, at, { ...at, host: "::" }, o);
  } catch (e) {
    const code = ((e as Error).cause as { code?: string } | undefined)?.code;
    // A system without IPv6 says so when the socket is made or bound.
    if (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL") throw e;
    return bindOne(libc, at, { ...at, host: "0.0.0.0" }, o);
  }
}

/** `shown`: what was asked for. */
function bindOne(libc: LinuxLibc, shown: TcpAddress, at: TcpAddress, o: UdpOptions): number {
  let encoded: ReturnType<typeof encodeSocketAddress>;
  try {
    encoded = encodeSocketAddress(at);
  } catch (e) {
    throw listenFault(shown, e);
  }
  const { family, bytes } = encoded;
  const fd = libc.c.socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw bindFault(libc, shown);
  const six = family === AF_INET6;
  const ok =
    (o.reusePort !== true || libc.setInt(fd, SOL_SOCKET, SO_REUSEPORT, 1) === 0) &&
    (!six || libc.setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, shown === at && o.ipv6Only === true ? 1 : 0) === 0) &&
    libc.c.bind(fd, bytes, bytes.length) === 0;
  if (!ok) {
    const e = bindFault(libc, shown);
    libc.c.close(fd);
    throw e;
  }
  setBuffers(libc, fd, o);
  return fd;
}

/** The system cuts what is above its own limit, and that is as much as can be had. */
export function setBuffers(libc: LinuxLibc, fd: number, { receiveBuffer, sendBuffer }: UdpOptions): void {
  if (receiveBuffer !== undefined) libc.setInt(fd, SOL_SOCKET, SO_RCVBUF, receiveBuffer);
  if (sendBuffer !== undefined) libc.setInt(fd, SOL_SOCKET, SO_SNDBUF, sendBuffer);
}

/** A socket bound to every address is to say of each datagram which one it came to: an answer has to leave from there. */
export function tellDestination(libc: LinuxLibc, fd: number, six: boolean): void {
  if (six) libc.setInt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  else libc.setInt(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

/** A datagram socket of one flow. Throws what `Platform.connectUdp` throws. */
export function connectUdpSocket(libc: LinuxLibc, to: TcpAddress, source: string | null): number {
  let remote: ReturnType<typeof encodeSocketAddress>;
  let local: ReturnType<typeof encodeSocketAddress> | null;
  try {
    remote = encodeSocketAddress(to);
    local = source === null ? null : encodeSocketAddress({ kind: "tcp", host: source, port: 0 });
  } catch (e) {
    throw dialFault(to, e);
  }
  const fd = libc.c.socket(remote.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw dialFault(to, { code: errnoName(libc.errno) });
  const ok =
    (local === null || libc.c.bind(fd, local.bytes, local.bytes.length) === 0) &&
    libc.c.connect(fd, remote.bytes, remote.bytes.length) === 0;
  if (ok) return fd;
  const e = dialFault(to, { code: errnoName(libc.errno) });
  libc.c.close(fd);
  throw e;
}

/**
 * A socket beside another one with the same address, connected to one peer: the system gives it what comes from there before all others.
 * `shared` must be `setShared`, and all others at its address. `local` and `remote` are socket addresses of its family. -1: it can't be had.
 *
 * SO_REUSEPORT would make it one of the group of workers' sockets, and so send flows of others elsewhere.
 */
export function splitUdpSocket(libc: LinuxLibc, shared: number, family: number, local: Uint8Array, remote: Uint8Array): number {
  const { c } = libc;
  const fd = c.socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (family === AF_INET6) libc.setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, libc.getInt(shared, IPPROTO_IPV6, IPV6_V6ONLY) ?? 0);
  // It stays so, or there could be no second one; whoever else binds the address still finds the first socket in the way.
  setShared(libc, fd, true);
  // Until it is connected it gets what is for others: as short a time as can be.
  if (c.bind(fd, local, local.length) === 0 && c.connect(fd, remote, remote.length) === 0) return fd;
  c.close(fd);
  return -1;
}

/**
 * Whether other sockets may be bound to its address. With SO_REUSEADDR that is for any process of this host to use which sets it too, so
 * let it be for a moment alone.
 */
export function setShared(libc: LinuxLibc, fd: number, on: boolean): void {
  libc.setInt(fd, SOL_SOCKET, SO_REUSEADDR, on ? 1 : 0);
}

export function isDatagram(libc: LinuxLibc, fd: number): boolean {
  return libc.getInt(fd, SOL_SOCKET, SO_TYPE) === SOCK_DGRAM;
}

/** Null: no datagram socket. */
export function datagram(libc: LinuxLibc, fd: number): { readonly reusePort: boolean } | null {
  return isDatagram(libc, fd) ? { reusePort: libc.getInt(fd, SOL_SOCKET, SO_REUSEPORT) === 1 } : null;
}

/** Datagrams that found the receive buffer full; null: the system does not tell. */
export function droppedDatagrams(libc: LinuxLibc, fd: number): number | null {
  const out = new Uint8Array(MEMINFO_BYTES);
  const size = Uint8Array.of(MEMINFO_BYTES, 0, 0, 0);
  if (libc.c.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, out, size) !== 0 || size[0]! < MEMINFO_BYTES) return null;
  return new DataView(out.buffer).getUint32(MEMINFO_DROPS, true);
}

export function udpFault(errno: number): UdpFault {
  switch (errno) {
    case 11: // EAGAIN
    case 12: // ENOMEM
    case 105: // ENOBUFS
      return "full";
    case 90: // EMSGSIZE
      return "tooBig";
    case 111: // ECONNREFUSED
      return "refused";
    case 100: // ENETDOWN
    case 101: // ENETUNREACH
    case 112: // EHOSTDOWN
    case 113: // EHOSTUNREACH
      return "unreachable";
    default:
      return "failed";
  }
}

function bindFault(libc: LinuxLibc, at: TcpAddress): ProxyError {
  return listenFault(at, { code: errnoName(libc.errno) });
}
