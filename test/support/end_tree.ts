import { statusOf, treeOf } from "./process_tree.ts";

/** Kills a process and all its descendants, those with a session of their own too. */
export function endTree(pid: number): void {
  if (pid < 2 || statusOf(pid, "State") === "") return;
  // The topmost first, so that nobody is left to start another.
  for (const p of treeOf(pid)) {
    try {
      process.kill(p, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}
