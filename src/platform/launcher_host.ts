import process from "node:process";
import { adoptOrphans, reapChild } from "./child_reaper.ts";
import { HostProcesses } from "./host_processes.ts";
import { loadLinuxLibc } from "./linux_libc.ts";
import { makeSharedMemory } from "./shared_memory.ts";
import { systemCode } from "./system_fault.ts";
import type { LauncherHost } from "./types.ts";

/** The few calls of a launcher, without what a server needs. Null: not Linux, or no foreign functions. */
export function createLauncherHost(): LauncherHost | null {
  const libc = loadLinuxLibc();
  if (libc === null) return null;
  return {
    processes: new HostProcesses(libc),
    sharedMemory: (bytes) => makeSharedMemory(libc, bytes),
    isThere,
    adoptOrphans: () => adoptOrphans(libc),
    reap: (notThis) => reapChild(libc, notThis),
  };
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (e) {
    return systemCode(e) !== "ESRCH";
  }
}
