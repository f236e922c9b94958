import { type Leaf, leaf, mismatch, type Refusal, refuse } from "./leaf.ts";

const WANTED = 'a share such as "10%" or 0.1';
const SHARE = /^([0-9]+(?:\.[0-9]+)?)(%?)$/;

/** 0.1 of `10%` and of `0.1`, whatever its size; null: no share. */
export function parseShare(s: string): number | null {
  const m = SHARE.exec(s);
  if (m === null) return null;
  return m[2] === "%" ? Number(m[1]) / 100 : Number(m[1]);
}

const LEAF: Leaf<number> = leaf(
  {
    id: "Share",
    anyOf: [
      { type: "number", minimum: 0, maximum: 1 },
      { type: "string", pattern: "^[0-9]+(\\.[0-9]+)?%?$|\\$\\{" },
    ],
    examples: ["10%", 0.1],
  },
  readShare,
);

/** A part of a whole: 0 to 1. */
export function share(): Leaf<number> {
  return LEAF;
}

function readShare(v: unknown): number | Refusal {
  const n = typeof v === "string" ? parseShare(v) : typeof v === "number" && Number.isFinite(v) ? v : null;
  if (n === null) return mismatch(WANTED, hintFor(v));
  if (n >= 0 && n <= 1) return n;
  // 10 is nearly always meant as 10 %.
  const percent = !String(v).includes("%") && n > 1 && n <= 100 ? `did you mean "${n}%"?` : "";
  return refuse(`change the share: found ${JSON.stringify(v)}, wanted 0% to 100%`, percent);
}

function hintFor(v: unknown): string {
  const compact = typeof v === "string" ? v.replaceAll(/\s+/g, "").replace(/percent$/i, "%") : "";
  return parseShare(compact) === null ? "" : `did you mean ${JSON.stringify(compact)}?`;
}
