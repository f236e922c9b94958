import type { LinuxLibc } from "./linux_libc.ts";
import { SOCK_CLOEXEC } from "./raw_listener.ts";
import { AF_UNIX, encodeSocketAddress } from "./socket_address.ts";

const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** One datagram from a socket that has no name. False: the receiver's queue is full. */
export function sendDatagram(libc: LinuxLibc, path: string, bytes: Uint8Array): boolean {
  const to = encodeSocketAddress({ kind: "unix", path }).bytes;
  const fd = libc.must(libc.c.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "making a datagram socket");
  try {
    if (libc.c.sendto(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, to, to.length) >= 0n) return true;
    if (libc.wouldWait) return false;
    throw libc.fault(`sending a datagram to "${path.replace("\0", "@")}"`);
  } finally {
    libc.c.close(fd);
  }
}
