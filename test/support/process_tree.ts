import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The process and all its descendants. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    const parent = statusOf(Number(name), "PPid");
    if (parent === "") continue;
    const list = children.get(Number(parent)) ?? [];
    list.push(Number(name));
    children.set(Number(parent), list);
  }
  const tree = [pid];
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i]!) ?? []));
  return tree;
}

/** Resident bytes of the whole tree. */
export function residentBytes(pid: number): number {
  let kib = 0;
  for (const p of treeOf(pid)) kib += Number.parseInt(statusOf(p, "VmRSS") || "0", 10);
  return kib * 1024;
}

/** A line of /proc/PID/status, such as `Uid`; "" when the process is gone. */
export function statusOf(pid: number, key: string): string {
  try {
    const line = readFileSync(`/proc/${pid}/status`, "utf8")
      .split("\n")
      .find((l) => l.startsWith(`${key}:`));
    return line === undefined ? "" : line.slice(key.length + 1).trim();
  } catch {
    return "";
  }
}

/** User and system time of the whole tree in clock ticks. */
export function cpuTicks(pid: number): number {
  let ticks = 0;
  for (const p of treeOf(pid)) {
    try {
      const stat = readFileSync(`/proc/${p}/stat`, "utf8");
      const rest = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      ticks += Number(rest[11]) + Number(rest[12]);
    } catch {
      // It ended between the listing and the reading.
    }
  }
  return ticks;
}

/** Open file descriptors of the process. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** What a process has open, by what it is: `socket`, `pipe`, `anon_inode:[eventpoll]`, or a path. */
export function openKinds(pid: number): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const [kind] = readlinkSync(`/proc/${pid}/fd/${fd}`).split(/:\[\d+\]$/);
      kinds[kind!] = (kinds[kind!] ?? 0) + 1;
    } catch {
      // It was closed between the listing and the reading.
    }
  }
  return kinds;
}

/** The process is there, be it that it has ended and waits to be reaped. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
