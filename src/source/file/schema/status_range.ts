import { type Leaf, leaf, mismatch, type Refusal, refuse } from "./leaf.ts";

/** Both ends included. */
export type StatusRange = readonly [from: number, to: number];

const WANTED = 'a status such as 503, "5xx" or "200-299"';

/** One status, a class or a range, of final replies. */
export function statusRange(): Leaf<StatusRange> {
  const json = {
    anyOf: [
      { type: "integer", minimum: 200, maximum: 599 },
      { type: "string", pattern: "^[2-5](xx|[0-9]{2})$|^[2-5][0-9]{2}-[2-5][0-9]{2}$|\\$\\{" },
    ],
    examples: [200, "2xx", "200-399"],
  };
  return leaf(json, (v) => readStatusRange(v) ?? mismatch(WANTED));
}

/** null: it does not look like one. */
export function readStatusRange(v: unknown): StatusRange | Refusal | null {
  const s = typeof v === "number" ? String(v) : v;
  if (typeof s !== "string") return null;
  const m = /^([0-9]+)(?:-([0-9]+))?$/.exec(/^[0-9]xx$/i.test(s) ? `${s[0]}00-${s[0]}99` : s);
  if (m === null) return null;
  const from = Number(m[1]);
  const to = m[2] === undefined ? from : Number(m[2]);
  if (from < 200 || to > 599) return refuse(`change the status: found ${JSON.stringify(v)}, wanted one from 200 to 599`);
  if (from > to) return refuse(`put the lower status first: found ${JSON.stringify(v)}`, `did you mean "${to}-${from}"?`);
  return [from, to];
}
