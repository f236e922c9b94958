/** Sets of chars below 0x100 as 257 flags; the last stands for all others. */
export type CharSet = Uint8Array;

export const OTHERS = 256;

export function emptySet(): CharSet {
  return new Uint8Array(OTHERS + 1);
}

export function setOf(chars: string): CharSet {
  const s = emptySet();
  for (let i = 0; i < chars.length; i++) s[chars.charCodeAt(i)] = 1;
  return s;
}

export function addRange(s: CharSet, from: number, to: number): void {
  for (let c = from; c <= to; c++) s[c] = 1;
}

export function unionOf(a: CharSet, b: CharSet): CharSet {
  return a.map((v, i) => v | b[i]!);
}

export function complementOf(a: CharSet): CharSet {
  return a.map((v) => 1 - v);
}

export function areDisjoint(a: CharSet, b: CharSet): boolean {
  for (let i = 0; i < a.length; i++) if ((a[i]! & b[i]!) !== 0) return false;
  return true;
}

/** Adds the other case of each ASCII letter. */
export function foldSet(a: CharSet): CharSet {
  const s = a.slice();
  for (let c = 0x41; c <= 0x5a; c++) {
    const either = a[c]! | a[c + 32]!;
    s[c] = either;
    s[c + 32] = either;
  }
  return s;
}

/** The set as a class of a native RegExp, spelt out so that no escape means something else there. */
export function classSource(s: CharSet): string {
  let out = "";
  for (let from = 0; from < OTHERS; from++) {
    if (s[from] === 0) continue;
    let to = from;
    while (to + 1 < OTHERS && s[to + 1] === 1) to++;
    out += from === to ? hex(from) : `${hex(from)}-${hex(to)}`;
    from = to;
  }
  if (s[OTHERS] === 1) out += "\\u0100-\\uffff";
  return `[${out}]`;
}

function hex(c: number): string {
  return `\\x${c.toString(16).padStart(2, "0")}`;
}
