import type { Item } from "../gather.ts";
import type { Lowering } from "../lower/lowering.ts";
import { type ConfNode, childOf, type Path } from "../tree.ts";

/** Field names are one whatever their case, and YAML does not see that: of two conditions on one field only the last would be left. */
export function checkFieldNames(item: Item, to: Lowering): void {
  const report = to.reporter(item);
  for (const at of fieldMaps(item.node)) {
    let node: ConfNode | null = item.node;
    for (const step of at) node = node === null ? null : childOf(node, step);
    if (node?.kind !== "map") continue;
    const first = new Map<string, string>();
    for (const name of node.entries.keys()) {
      const before = first.get(name.toLowerCase());
      if (before === undefined) first.set(name.toLowerCase(), name);
      else
        report.errorAtKey(
          [...at, name],
          `remove one of ${JSON.stringify(before)} and ${JSON.stringify(name)}: they are the same field`,
        );
    }
  }
}

function fieldMaps(route: ConfNode): Path[] {
  const match = childOf(route, "match");
  const matches: Path[] = match?.kind === "list" ? match.items.map((_, i) => ["match", i]) : [["match"]];
  return [...matches.map((m) => [...m, "headers"]), ["requestHeaders", "set"], ["responseHeaders", "set"]];
}
