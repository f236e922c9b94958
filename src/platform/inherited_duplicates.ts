import { closeSync, readFileSync } from "node:fs";

/**
 * Deno tells a child of its own which descriptors it passed on (DENO_EXTRA_STDIO_FDS), and the child opens a duplicate of each at its
 * start: a listener that is closed would go on queueing connections that nobody accepts. In Deno's files the number of the first
 * stands for the duplicate, so closing it there leaves the descriptor itself open, and the table without an entry that a later
 * file of that number would be closed with. Only the first call does anything: later the numbers may be those of other files.
 */
export function closeInheritedDuplicates(): void {
  if (isDone) return;
  isDone = true;
  // Deno takes the variable out of its environment; the system keeps what the process was started with.
  for (const fd of numbersIn(initialEnvironment())) {
    try {
      closeSync(fd);
    } catch {
      // Another version may have made none.
    }
  }
}

let isDone = false;

function numbersIn(environment: string): number[] {
  const list = /(?:^|\0)DENO_EXTRA_STDIO_FDS=([\d,]+)/.exec(environment)?.[1];
  return list === undefined ? [] : list.split(",").map(Number);
}

function initialEnvironment(): string {
  try {
    return readFileSync("/proc/self/environ", "latin1");
  } catch {
    return "";
  }
}
