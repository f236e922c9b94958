import { readdirSync, readFileSync } from "node:fs";

/** The process and all below it: a log child counts for its proxy. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? parentOf(pid) : null;
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

function parentOf(pid: number): number | null {
  const stat = statOf(pid);
  return stat === null ? null : Number(stat[1]);
}

/** Fields of proc_pid_stat(5) from the third on; null: it has ended. */
function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name stands in parentheses and may hold any character, parentheses too.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

/** Nanoseconds of processor time of all threads of a process; 0: it has ended. */
export function cpuTimeOf(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  try {
    let sum = 0;
    for (const tid of readdirSync(tasks)) sum += Number(readFileSync(`${tasks}/${tid}/schedstat`, "latin1").split(" ", 1)[0]);
    return sum;
  } catch {
    return 0;
  }
}

export interface MachineTime {
  /** Clock ticks of all processors, idle ones included. */
  readonly all: number;
  /** Ticks that went to others: processes that are not below this one, and other guests of the host. */
  readonly others: number;
}

/** Where the machine's time has gone so far; the difference of two tells how much of it a measurement had to itself. */
export function machineTime(): MachineTime {
  const line = readFileSync("/proc/stat", "latin1").split("\n", 1)[0]!;
  const [user, nice, system, idle, wait, irq, softirq, steal] = line.trim().split(/ +/).slice(1, 9).map(Number) as number[];
  const busy = user! + nice! + system! + irq! + softirq! + steal!;
  let own = 0;
  for (const pid of processTree(process.pid)) {
    // utime, stime, and both of children that have ended.
    for (const ticks of statOf(pid)?.slice(11, 15) ?? []) own += Number(ticks);
  }
  return { all: busy + idle! + wait!, others: busy - own };
}

/** Bytes of a field of smaps_rollup over the whole tree: Rss, or Pss, in which shared pages count in parts. */
export function memoryOf(root: number, field: "Rss" | "Pss"): number {
  let sum = 0;
  for (const pid of processTree(root)) {
    const line = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"));
    sum += Number(line![1]) * 1024;
  }
  return sum;
}

/** The most files that a process may have open here. */
export function openFiles(): number {
  return Number(/^Max open files +\d+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))![1]);
}
