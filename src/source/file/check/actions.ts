import { nearMiss } from "../../../telemetry/near_miss.ts";
import type { Item } from "../gather.ts";
import type { Lowering } from "../lower/lowering.ts";
import { routeSchema } from "../schema/route.ts";

const ACTIONS = ["to", "respond", "redirect", "handler", "static"] as const;
const KNOWN: ReadonlySet<string> = new Set(Object.keys(routeSchema.shape));
/** Keys that actions other than `to` have. */
const ALSO: ReadonlyMap<string, readonly string[]> = new Map([
  ["handler", ["timeout", "timeouts", "requestHeaders"]],
  ["static", ["timeout"]],
]);
const FORWARD_ONLY = [
  "sticky",
  "hash",
  "priority",
  "retry",
  "hedge",
  "mirror",
  "rewrite",
  "upgrade",
  "connect",
  "timeout",
  "timeouts",
  "requestHeaders",
] as const;

/** A route does one thing. Asked of the tree, so that it is told also when another part of the route can't be read. */
export function checkActions(item: Item, to: Lowering): void {
  const { own } = item;
  if (own.kind !== "map") return;
  const report = to.ownReporter(item);
  const given = ACTIONS.filter((k) => own.entries.has(k));
  const [first, second] = given;
  if (first === undefined) {
    // A misspelt or later key is likely the missing one, and is told by itself.
    const meant = [...own.entries.keys()].some((k) => !KNOWN.has(k) && nearMiss(k, ACTIONS) !== "");
    if (!meant) report.error([], `say what the route does: found none of ${ACTIONS.join(", ")}, wanted one`);
    return;
  }
  if (second !== undefined) {
    report.errorAtKey([second], `keep one of ${given.map((k) => JSON.stringify(k)).join(" and ")}: a route does one thing`);
    return;
  }
  if (first === "to") return;
  for (const key of FORWARD_ONLY)
    if (own.entries.has(key) && ALSO.get(first)?.includes(key) !== true)
      report.errorAtKey(
        [key],
        `remove ${JSON.stringify(key)}: found it beside ${JSON.stringify(first)}, and it is for requests that are sent on`,
      );
}
