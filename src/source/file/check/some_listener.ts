import type { ProblemList } from "../problem_list.ts";

/** An empty file is one that is being written: it must not close every listener of a running weir. */
export function checkSomeListener(listeners: number, problems: ProblemList): void {
  if (listeners === 0)
    problems.add(
      "error",
      "listeners",
      null,
      "add a listener: found none in the config",
      'listeners: { web: { address: ":8080" } }',
    );
}
