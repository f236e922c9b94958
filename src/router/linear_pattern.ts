import { areDisjoint, type CharSet, classSource, emptySet, unionOf } from "./char_set.ts";
import { type Group, type Part, readPattern } from "./pattern_reader.ts";

/**
 * A native RegExp that matches whole strings of chars below 0x100 just as RE2 would, for patterns on which a backtracking engine is
 * provably linear; null for all others.
 *
 * The rule: wherever the pattern lets the engine choose, the next char settles it.
 * 1. Only single chars repeat, never a group. Where a char of set C may repeat once more or not, no char of C can start what follows.
 * 2. An optional group can't be empty, and no char that starts it can start what follows.
 * 3. Alternatives have fixed lengths, and any two of them have a place where their sets have no char in common.
 *
 * The proof: of two branches at a choice by 1 or 2, the wrong one dies before it takes a char, for the next char is not its own; parts
 * that may be empty are skipped on the way, at most all of them. A wrong alternative by 3 dies within its own length. So a wrong branch
 * costs no more than the pattern's length, and choices lie only along the one right way through the string: time is at most the length
 * of the string times that of the pattern, on a match and on a failure.
 */
export function compileLinear(pattern: string, ignoreCase: boolean): RegExp | null {
  const whole = readPattern(pattern, ignoreCase);
  if (whole === null || startsOf([whole], emptySet()) === null) return null;
  return new RegExp(`^${sourceOf([whole])}$`);
}

/** Alternatives of one group that are compared with each other, and chars of one: the comparison takes their square. */
const MOST_OPTIONS = 64;
const MOST_CHARS = 256;

/** Chars that can start this sequence with `after` behind it; null when the rule does not hold in it. */
function startsOf(parts: readonly Part[], after: CharSet): CharSet | null {
  let rest = after;
  for (let i = parts.length - 1; i >= 0; i--) {
    const part = parts[i]!;
    if (part.kind === "repeat") {
      if (part.max === 0) continue;
      if (part.max > part.min && !areDisjoint(part.set, rest)) return null;
      rest = part.min === 0 ? unionOf(part.set, rest) : part.set;
      continue;
    }
    const starts = startsOfGroup(part, rest);
    if (starts === null) return null;
    rest = starts;
  }
  return rest;
}

function startsOfGroup(g: Group, rest: CharSet): CharSet | null {
  if (g.options.length > 1 && !areDistinct(g)) return null;
  let starts = emptySet();
  for (const option of g.options) {
    const s = startsOf(option, rest);
    if (s === null) return null;
    starts = unionOf(starts, s);
  }
  if (!g.optional) return starts;
  if (g.options.some(canBeEmpty) || !areDisjoint(starts, rest)) return null;
  return unionOf(starts, rest);
}

function canBeEmpty(parts: readonly Part[]): boolean {
  return parts.every((p) => (p.kind === "repeat" ? p.min === 0 : p.optional || p.options.some(canBeEmpty)));
}

function areDistinct(g: Group): boolean {
  if (g.options.length > MOST_OPTIONS) return false;
  const spelt = g.options.map(spellOut);
  for (let i = 0; i < spelt.length; i++) {
    const a = spelt[i];
    if (a == null) return false;
    for (let j = 0; j < i; j++) {
      const b = spelt[j]!;
      if (!a.some((set, k) => k < b.length && areDisjoint(set, b[k]!))) return false;
    }
  }
  return true;
}

/** One set a char for an alternative of fixed length; null for any other. */
function spellOut(parts: readonly Part[]): CharSet[] | null {
  const out: CharSet[] = [];
  for (const p of parts) {
    if (p.kind === "group" || p.min !== p.max || out.length + p.min > MOST_CHARS) return null;
    for (let i = 0; i < p.min; i++) out.push(p.set);
  }
  return out;
}

function sourceOf(parts: readonly Part[]): string {
  let out = "";
  for (const p of parts) {
    if (p.kind === "group") out += `(?:${p.options.map(sourceOf).join("|")})${p.optional ? "?" : ""}`;
    else out += classSource(p.set) + countsSource(p.min, p.max);
  }
  return out;
}

function countsSource(min: number, max: number): string {
  if (min === 1 && max === 1) return "";
  return max === Infinity ? `{${min},}` : `{${min},${max}}`;
}
