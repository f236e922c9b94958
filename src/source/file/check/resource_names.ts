import type { Item } from "../gather.ts";
import type { ProblemList } from "../problem_list.ts";
import { Refusal } from "../schema/leaf.ts";
import { readLabel } from "../schema/name.ts";

/** Names stand in logs, metric labels and messages. */
export function checkResourceNames(
  kind: "listener" | "cluster" | "plugin",
  items: ReadonlyMap<string, Item>,
  problems: ProblemList,
): void {
  for (const [name, item] of items) {
    const read = readLabel(name, kind);
    if (read instanceof Refusal) problems.add("error", `${kind}s`, item.key, read.message, read.facts.hint);
    // Listeners of Weir's own are called so.
    else if (name.startsWith("@"))
      problems.add("error", `${kind}s`, item.key, `begin the name without "@": found ${JSON.stringify(name)}`);
  }
}
