import type { ReadText } from "./cpu_count.ts";

const KIB = 1024;

/** What Linux tells of a process's memory, in bytes (proc_pid_smaps(5)); null: no such process, or another user's. */
export function processMemory(read: ReadText, pid: number): { readonly rss: number; readonly pss: number | null } | null {
  const rollup = read(`/proc/${pid}/smaps_rollup`) ?? "";
  const rss = kib(rollup, "Rss");
  if (rss !== null) return { rss, pss: kib(rollup, "Pss") };
  // An older kernel, or one that shares only this with others.
  const plain = kib(read(`/proc/${pid}/status`) ?? "", "VmRSS");
  return plain === null ? null : { rss: plain, pss: null };
}

function kib(text: string, name: string): number | null {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text);
  return found === null ? null : Number(found[1]) * KIB;
}
