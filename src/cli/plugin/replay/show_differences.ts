import type { Difference } from "./like.ts";

const MOST = 10;

/** As lines for people: the place, and below it what was wanted and what came. */
export function showDifferences(differs: readonly Difference[]): string {
  const lines = differs
    .slice(0, MOST)
    .flatMap(({ path, wanted, found }) => [
      `  at ${path === "" ? "the whole" : path}`,
      `    - wanted ${wanted ?? "nothing"}`,
      `    + found  ${found ?? "nothing"}`,
    ]);
  if (differs.length > MOST) lines.push(`  and ${differs.length - MOST} more`);
  return lines.join("\n");
}
