import type { ReadText } from "./cpu_count.ts";

/** Clock ticks a second, as Linux tells times of processes: 100 on every architecture that the runtimes run on. */
const TICKS = 100;
/** Places in /proc/PID/stat behind the name, of user's and system's time. */
const USER = 11;
const SYSTEM = 12;

/**
 * Seconds of processor time that a process has used, all its threads together and its children not (proc_pid_stat(5)); null: no such
 * process.
 */
export function cpuSecondsOf(read: ReadText, pid: number): number | null {
  const text = read(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name may hold anything, a bracket and spaces too.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[USER]) + Number(fields[SYSTEM]);
  return Number.isFinite(ticks) ? ticks / TICKS : null;
}
