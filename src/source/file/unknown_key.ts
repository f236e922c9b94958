import { nearMiss } from "../../telemetry/near_miss.ts";
import type { Reporter } from "./problem_list.ts";
import { isLater } from "./schema/later.ts";
import type { Path } from "./tree.ts";

/** Tells of a key that nobody knows, of one that only later versions know, and of the one that may have been meant. */
export function tellUnknownKey(report: Reporter, path: Path, key: string, known: readonly string[]): void {
  if (isLater(key)) {
    report.errorAtKey(path, `remove the key ${JSON.stringify(key)}: it is not in this version of Weir`);
    return;
  }
  const meant = meantKey(key, known);
  report.errorAtKey(
    path,
    `remove or rename the key ${JSON.stringify(key)}: found an unknown key, wanted one of ${known.join(", ")}`,
    meant === "" ? "" : `did you mean ${JSON.stringify(meant)}?`,
  );
}

/** The known key that an unknown one was likely meant to be; "" when there is none. */
export function meantKey(key: string, known: readonly string[]): string {
  const folded = key.toLowerCase().replaceAll(/[-_]/g, "");
  return known.find((k) => k.toLowerCase() === folded) ?? nearMiss(key, known);
}
