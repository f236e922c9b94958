import process from "node:process";
import type { BunConn } from "./bun_conn.ts";
import type { Libc } from "./libc.ts";

const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_SYN_SENT = 2;
const SHUT_RDWR = 2;

/**
 * A dial under way. Bun can't give one up: a peer that does not answer would hold a descriptor until the kernel's last
 * SYN, two minutes later. But Bun opens the socket before `connect` returns, and a system hands out its lowest free
 * descriptor, so that number is known beforehand; shutting a socket down that has not connected ends the connecting.
 */
export class Dialing {
  readonly #conn: BunConn;
  readonly #libc: Libc | null;
  readonly #fd: number;

  /** To be made just before the dial. `libc`: null where this does not apply. */
  constructor(conn: BunConn, libc: Libc | null) {
    this.#conn = conn;
    this.#libc = process.platform === "linux" ? libc : null;
    this.#fd = this.#libc === null ? -1 : lowestFree(this.#libc);
  }

  cancel(): void {
    const libc = this.#libc;
    if (!this.#conn.cancel() || libc === null || this.#fd < 0) return;
    // A thread of Bun's may have been faster: whatever is not connecting is not ours to end.
    if (isConnecting(libc, this.#fd)) libc.shutdown(this.#fd, SHUT_RDWR);
  }
}

function lowestFree(libc: Libc): number {
  const fd = libc.dup(0);
  if (fd >= 0) libc.close(fd);
  return fd;
}

function isConnecting(libc: Libc, fd: number): boolean {
  const state = new Uint8Array(1);
  const size = Uint8Array.of(1, 0, 0, 0);
  return libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, state, size) === 0 && state[0] === TCP_SYN_SENT;
}
