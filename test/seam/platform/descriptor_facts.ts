import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const O_CLOEXEC = 0o2000000;

export function isCloseOnExec(fd: number): boolean {
  const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))![1]!;
  return (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
}

/** What a descriptor stands for, such as `socket:[1234]`. */
export function fileOf(fd: number): string {
  return readlinkSync(`/proc/self/fd/${fd}`);
}

/** How many descriptors of this process stand for it. */
export function holders(file: string): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return fileOf(Number(fd)) === file;
    } catch {
      return false;
    }
  }).length;
}

/** Sockets that this process has open. A runtime opens some of its own now and then, so it says something about calls alone. */
export function openSockets(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;
}
