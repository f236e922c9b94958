import type { Fields } from "../http/fields.ts";

/** Digits of a number of hops that is taken for one. */
const DIGITS = 9;

/** How many more times the request may be forwarded (RFC 9110 7.6.2); null: the field is no number, or there are several. */
export function maxForwards(f: Fields): number | null {
  const all = f.getAll("max-forwards");
  const value = all[0] ?? "";
  return all.length === 1 && value.length <= DIGITS && /^\d+$/.test(value) ? Number(value) : null;
}

/** One hop fewer for the next recipient. */
export function passMaxForwards(f: Fields, hops: number): void {
  f.set("Max-Forwards", String(hops - 1));
}
