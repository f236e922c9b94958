import { equalsIgnoreCase, latin1 } from "../base/bytes.ts";
import { type Fields, STRIDE } from "./fields.ts";
import { ID } from "./names.ts";

const COMMA = 0x2c;
const SP = 32;
const HTAB = 9;

/** Whether a received Connection field lists `option` (lower case); RFC 9110 7.6.1. */
export function connectionHas(f: Fields, option: string): boolean {
  const s = f.spans;
  for (let i = 0; i < s.length; i += STRIDE) {
    if (s[i + 4] !== ID.connection) continue;
    const to = s[i + 3]!;
    let p = s[i + 2]!;
    while (p < to) {
      let end = p;
      while (end < to && f.raw[end] !== COMMA) end++;
      const next = end + 1;
      while (p < end && (f.raw[p] === SP || f.raw[p] === HTAB)) p++;
      while (end > p && (f.raw[end - 1] === SP || f.raw[end - 1] === HTAB)) end--;
      if (equalsIgnoreCase(f.raw, p, end, option)) return true;
      p = next;
    }
  }
  return false;
}

/** Lower-case options of all Connection fields. */
export function connectionOptions(f: Fields): string[] {
  const all = f.list("connection");
  if (all === null) return [];
  const out: string[] = [];
  for (const part of all.split(",")) {
    const option = part.trim().toLowerCase();
    if (option !== "") out.push(option);
  }
  return out;
}

/** The first received value with that id in lower case. */
export function lowerValue(f: Fields, id: number): string {
  const s = f.spans;
  for (let i = 0; i < s.length; i += STRIDE) if (s[i + 4] === id) return latin1(f.raw, s[i + 2]!, s[i + 3]!).toLowerCase();
  return "";
}
