import type { Part } from "../../../src/router/pattern_reader.ts";

/**
 * The plainest backtracking engine, as the native ones are at heart, that counts its steps: so the promise of linear time is checked
 * without a clock. Matches the whole string; null when `budget` steps did not do.
 */
export function backtrack(parts: readonly Part[], s: string, budget: number): { matched: boolean; steps: number } | null {
  let steps = 0;
  let spent = false;

  const walk = (todo: readonly Part[], at: number, next: (at: number) => boolean): boolean => {
    if (spent || ++steps > budget) {
      spent = true;
      return false;
    }
    const part = todo[0];
    if (part === undefined) return next(at);
    const rest = todo.slice(1);
    const after = (from: number): boolean => walk(rest, from, next);
    if (part.kind === "group") {
      for (const option of part.options) if (walk(option, at, after)) return true;
      return part.optional && after(at);
    }
    let taken = 0;
    while (taken < part.max && at + taken < s.length && part.set[s.charCodeAt(at + taken)] === 1) {
      taken++;
      steps++;
    }
    for (; taken >= part.min; taken--) if (after(at + taken)) return true;
    return false;
  };

  const matched = walk(parts, 0, (at) => at === s.length);
  return spent ? null : { matched, steps };
}
