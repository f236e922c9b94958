import { readFileSync } from "node:fs";
import process from "node:process";

/** Of Linux, on every architecture that Weir runs on: USER_HZ. */
const TICKS_PER_SECOND = 100;

/** CPU time of this process so far, in milliseconds. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Of other processes together, in steps of 10 ms; null: the system does not tell. */
export function cpuMsOf(pids: readonly number[], read: (pid: number) => string = readStat): number | null {
  try {
    return pids.reduce((sum, pid) => sum + ticksIn(read(pid)), 0) * (1000 / TICKS_PER_SECOND);
  } catch {
    return null;
  }
}

function readStat(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "utf8");
}

/** utime and stime: fields 14 and 15 of proc(5). The second, the name, may hold blanks and brackets. */
function ticksIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
