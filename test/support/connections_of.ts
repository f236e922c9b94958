import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A TCP connection by both its ports. */
export interface PortPair {
  readonly local: number;
  readonly remote: number;
}

const LISTEN = "0A";

/** The TCP connections that are open in a process, as the kernel has them (proc(5), /proc/PID/net/tcp). */
export function connectionsOf(pid: number): PortPair[] {
  const inodes = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // It was closed between the listing and the reading.
    }
  }
  const found: PortPair[] = [];
  for (const family of ["tcp", "tcp6"])
    for (const line of readFileSync(`/proc/${pid}/net/${family}`, "latin1").split("\n").slice(1)) {
      const words = line.trim().split(/\s+/);
      if (words.length < 10 || words[3] === LISTEN || !inodes.has(words[9]!)) continue;
      found.push({ local: portOf(words[1]!), remote: portOf(words[2]!) });
    }
  return found;
}

function portOf(address: string): number {
  return Number.parseInt(address.slice(address.lastIndexOf(":") + 1), 16);
}
