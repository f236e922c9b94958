import { type Candidate, compareListed, compareSpecificity, foldCase } from "./candidate.ts";
import {
  CONDITIONS,
  I_END,
  I_REGEX,
  I_REST,
  INDEX,
  mixHash,
  N_END,
  N_EXACT,
  N_INDEX,
  N_LENGTH,
  N_LINK,
  N_PREFIX,
  N_TEXT,
  NODE,
  PATH,
  PathTable,
  seedOf,
  slotOf,
} from "./path_table.ts";

const SLASH = 0x2f;

/** All candidates of one index whose exact path or prefix is this text. */
interface Draft<Rule> {
  readonly number: number;
  readonly index: number;
  readonly text: string;
  readonly exact: Candidate<Rule>[];
  readonly prefix: Candidate<Rule>[];
  raw: boolean;
}

/** Lays out a `PathTable`: `add` each index, then `build`. */
export class PathTableBuilder<Rule> {
  readonly #order: "specificity" | "listed";
  readonly #folded: boolean;
  readonly #sorted: (readonly Candidate<Rule>[])[] = [];

  /** `folded`: some candidate of some index ignores case. */
  constructor(order: "specificity" | "listed", folded: boolean) {
    this.#order = order;
    this.#folded = folded;
  }

  /** The number of a new index with these candidates. */
  add(candidates: readonly Candidate<Rule>[]): number {
    this.#sorted.push(candidates.slice().sort(this.#order === "listed" ? compareListed : compareSpecificity));
    return this.#sorted.length - 1;
  }

  /** The candidates of each index in the order in which they win. */
  get sorted(): readonly (readonly Candidate<Rule>[])[] {
    return this.#sorted;
  }

  build(): PathTable<Rule> {
    const drafts: Draft<Rule>[] = [];
    const byText = this.#sorted.map((list, index) => this.#draft(list, index, drafts));
    const longest = drafts.reduce((n, d) => Math.max(n, d.text.length), 0);
    const entries: Candidate<Rule>[] = [];
    const flags: number[] = [];
    const enter = (c: Candidate<Rule>, path: boolean): void => {
      entries.push(c);
      flags.push((c.conditional ? CONDITIONS : 0) | (path ? PATH : 0));
    };
    const nodes = new Int32Array(drafts.length * NODE);
    const texts = new Uint8Array(drafts.reduce((n, d) => n + d.text.length, 0));
    let size = 8;
    while (size < drafts.length * 4) size *= 2;
    const slots = new Int32Array(size).fill(-1);
    let textAt = 0;
    for (const d of drafts) {
      const at = d.number * NODE;
      nodes[at + N_INDEX] = d.index;
      nodes[at + N_TEXT] = textAt;
      nodes[at + N_LENGTH] = d.text.length;
      nodes[at + N_EXACT] = entries.length;
      for (const c of d.exact) enter(c, this.#losesCase(c));
      nodes[at + N_PREFIX] = entries.length;
      for (const c of d.prefix) enter(c, this.#losesCase(c) || (d.raw && !c.raw));
      nodes[at + N_END] = entries.length;
      nodes[at + N_LINK] = (parentOf(byText[d.index]!, d.text) + 1) * 2 + (d.raw ? 1 : 0);
      let hash = seedOf(d.index);
      for (let i = 0; i < d.text.length; i++) {
        const c = d.text.charCodeAt(i);
        texts[textAt++] = c;
        hash = mixHash(hash, c);
      }
      nodes[at] = hash;
      insert(slots, hash, d.number);
    }
    const indexes = new Int32Array(this.#sorted.length * INDEX);
    this.#sorted.forEach((list, index) => {
      const at = index * INDEX;
      const root = byText[index]!.get("");
      indexes[at] = root !== undefined && root.prefix.length > 0 ? root.number : -1;
      indexes[at + I_REGEX] = entries.length;
      for (const c of list) if (c.kind === "regex") enter(c, true);
      indexes[at + I_REST] = entries.length;
      for (const c of list) if (c.kind === "any") enter(c, false);
      indexes[at + I_END] = entries.length;
    });
    const raws = drafts.filter((d) => d.raw).map((d) => d.text.length);
    const rawAt = raws.length === 0 ? null : new Uint8Array(longest + 1);
    for (const n of raws) rawAt![n] = 1;
    return new PathTable({
      listed: this.#order === "listed",
      slots,
      nodes,
      texts,
      indexes,
      candidates: entries,
      answers: entries.map((c) => c.answer),
      orders: Int32Array.from(entries, (c) => c.order),
      flags: Uint8Array.from(flags),
      longest,
      folded: this.#folded,
      rawAt,
    });
  }

  #draft(list: readonly Candidate<Rule>[], index: number, drafts: Draft<Rule>[]): Map<string, Draft<Rule>> {
    const byText = new Map<string, Draft<Rule>>();
    for (const c of list) {
      if (c.kind !== "exact" && c.kind !== "prefix") continue;
      const text = this.#folded ? foldCase(c.text) : c.text;
      let d = byText.get(text);
      if (d === undefined) {
        d = { number: drafts.length, index, text, exact: [], prefix: [], raw: false };
        byText.set(text, d);
        drafts.push(d);
      }
      if (c.kind === "exact") d.exact.push(c);
      else d.prefix.push(c);
      if (c.raw) d.raw = true;
    }
    return byText;
  }

  /** The text of the node is in lower case, and this candidate wants its own. */
  #losesCase(c: Candidate<Rule>): boolean {
    return this.#folded && !c.ignoreCase;
  }
}

/** Number of the longest shorter prefix that can match wherever this text does; -1 when there is none. */
function parentOf<Rule>(byText: ReadonlyMap<string, Draft<Rule>>, text: string): number {
  for (let n = text.length - 1; n >= 0; n--) {
    const shorter = byText.get(text.slice(0, n));
    if (shorter === undefined || shorter.prefix.length === 0) continue;
    if (shorter.raw || text.charCodeAt(n) === SLASH) return shorter.number;
  }
  return -1;
}

function insert(slots: Int32Array, hash: number, node: number): void {
  let s = slotOf(hash, slots);
  while (slots[s + 1]! >= 0) s = (s + 2) & (slots.length - 1);
  slots[s] = hash;
  slots[s + 1] = node;
}
