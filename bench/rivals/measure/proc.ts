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
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name stands in parentheses and may hold any character, parentheses too.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return null; // It ended meanwhile.
  }
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
