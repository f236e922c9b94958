import { localFault } from "../base/error.ts";
import type { LinuxLibc } from "./linux_libc.ts";
import { isStream, nameOf } from "./raw_listener.ts";
import { tcpAddress } from "./tcp_address.ts";
import type { Address } from "./types.ts";

/** Both ends of a stream socket that is about to be adopted. Throws, and closes the descriptor, when it is none or not connected. */
export function connectedSocket(libc: LinuxLibc | null, fd: number): { readonly local: Address; readonly remote: Address } {
  if (libc === null) throw localFault("internal", 500, "run on Bun or Deno on Linux: sockets can't be taken over here");
  const local = isStream(libc, fd) ? nameOf(libc, fd, "getsockname") : null;
  const remote = local === null ? null : nameOf(libc, fd, "getpeername");
  if (local !== null && remote !== null) {
    libc.setCloseOnExec(fd);
    return { local: plain(local), remote: plain(remote) };
  }
  libc.c.close(fd);
  throw localFault("internal", 500, `pass a connected stream socket: descriptor ${fd} is none`);
}

function plain(a: Address): Address {
  return a.kind === "tcp" ? tcpAddress(a.host, a.port) : a;
}
