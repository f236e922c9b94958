import process from "node:process";
import type { Libc } from "./libc.ts";

const SOL_SOCKET = 1;
const SO_KEEPALIVE = 9;
const IPPROTO_TCP = 6;
const TCP_KEEPIDLE = 4;
const INT_BYTES = 4;

/**
 * Sets TCP keepalive on a listening socket: Linux gives it to every connection accepted there, which saves four system calls on each.
 * false: it could not be set, and each connection needs it by itself.
 */
export function inheritKeepAlive(libc: Libc | null, fd: number | undefined, idleMs: number): boolean {
  if (libc === null || fd === undefined || fd < 0 || process.platform !== "linux") return false;
  const seconds = Math.max(1, Math.round(idleMs / 1000));
  return setInt(libc, fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds) && setInt(libc, fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

function setInt(libc: Libc, fd: number, level: number, name: number, value: number): boolean {
  const bytes = new Uint8Array(new Int32Array([value]).buffer);
  return libc.setsockopt(fd, level, name, bytes, INT_BYTES) === 0;
}
