import type { RequestHead } from "../http/head.ts";
import { type Candidate, compareListed, compareSpecificity, foldCase, foldCode, startsFolded } from "./candidate.ts";

const SLASH = 0x2f;
const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

/** All candidates whose exact path or prefix is this text. */
interface Node<Rule> {
  readonly text: string;
  readonly hash: number;
  exact: Candidate<Rule>[];
  prefix: Candidate<Rule>[];
  /** Some prefix here need not end with a segment. */
  raw: boolean;
  /** The next shorter prefix of this text that can match where this one does. */
  parent: Node<Rule> | null;
}

/**
 * The routes of one host. One pass over the path hashes it (FNV-1a) and looks its text up at each end of a segment, so the cost grows
 * with the path, not with the number of routes, and nothing is made. The longest prefix met leads to the shorter ones by `parent`.
 */
export class PathIndex<Rule> {
  /** All of them in the order in which they win. */
  readonly candidates: readonly Candidate<Rule>[];
  /** Envoy's order: the file's, whatever the kind of match. */
  readonly listed: boolean;
  /** Some candidate ignores case: texts and hashes are of lower-case letters, and each hit is compared again by its candidate. */
  readonly #folded: boolean;
  readonly #nodes: Node<Rule>[] = [];
  readonly #slots: Int32Array;
  readonly #root: Node<Rule> | null;
  readonly #longest: number;
  /** Lengths of raw prefixes, which may end anywhere. */
  readonly #rawAt: Uint8Array | null;
  readonly #regexes: readonly Candidate<Rule>[];
  readonly #rest: readonly Candidate<Rule>[];

  constructor(candidates: readonly Candidate<Rule>[], order: "specificity" | "listed") {
    const sorted = candidates.slice().sort(order === "listed" ? compareListed : compareSpecificity);
    this.candidates = sorted;
    this.listed = order === "listed";
    this.#folded = sorted.some((c) => c.ignoreCase);
    this.#regexes = sorted.filter((c) => c.kind === "regex");
    this.#rest = sorted.filter((c) => c.kind === "any");
    const byText = new Map<string, Node<Rule>>();
    for (const c of sorted) if (c.kind === "exact" || c.kind === "prefix") this.#place(byText, c);
    this.#longest = this.#nodes.reduce((n, node) => Math.max(n, node.text.length), 0);
    this.#rawAt = this.#nodes.some((n) => n.raw) ? new Uint8Array(this.#longest + 1) : null;
    for (const n of this.#nodes) if (n.raw) this.#rawAt![n.text.length] = 1;
    let size = 4;
    while (size < this.#nodes.length * 2) size *= 2;
    this.#slots = new Int32Array(size).fill(-1);
    for (let i = 0; i < this.#nodes.length; i++) this.#insert(i);
    for (const n of this.#nodes) n.parent = parentOf(byText, n);
    const root = byText.get("");
    this.#root = root !== undefined && root.prefix.length > 0 ? root : null;
  }

  /** The winner for a path whose query starts at `end`; null when no candidate matches. */
  find(path: string, end: number, head: RequestHead): Candidate<Rule> | null {
    const last = Math.min(end, this.#longest);
    const rawAt = this.#rawAt;
    const folded = this.#folded;
    const root = this.#root;
    // `*` and CONNECT's authority are no paths: the prefix `/` is not theirs.
    let deepest = root !== null && (root.raw || path.charCodeAt(0) === SLASH) ? root : null;
    let hash = SEED;
    for (let i = 0; i < last; i++) {
      const c = path.charCodeAt(i);
      if (i > 0 && (c === SLASH || (rawAt !== null && rawAt[i] === 1))) {
        const node = this.#lookUp(hash, path, i);
        if (node !== null && node.prefix.length > 0 && (c === SLASH || node.raw)) deepest = node;
      }
      hash = Math.imul(hash ^ (folded ? foldCode(c) : c), PRIME);
    }
    let exact: Node<Rule> | null = null;
    if (last > 0) {
      const node = this.#lookUp(hash, path, last);
      if (node !== null) {
        const ends = last === end;
        if (ends && node.exact.length > 0) exact = node;
        if (node.prefix.length > 0 && (ends || node.raw || path.charCodeAt(last) === SLASH)) deepest = node;
      }
    }
    return this.listed ? this.#firstListed(exact, deepest, path, end, head) : this.#mostSpecific(exact, deepest, path, end, head);
  }

  #mostSpecific(
    exact: Node<Rule> | null,
    deepest: Node<Rule> | null,
    path: string,
    end: number,
    head: RequestHead,
  ): Candidate<Rule> | null {
    if (exact !== null) {
      const c = this.#firstIndexed(exact.exact, path, end, head, Infinity);
      if (c !== null) return c;
    }
    for (let node = deepest; node !== null; node = node.parent) {
      const c = this.#firstIndexed(node.prefix, path, end, head, Infinity);
      if (c !== null) return c;
    }
    return firstOf(this.#regexes, path, end, head, Infinity) ?? firstOf(this.#rest, path, end, head, Infinity);
  }

  #firstListed(
    exact: Node<Rule> | null,
    deepest: Node<Rule> | null,
    path: string,
    end: number,
    head: RequestHead,
  ): Candidate<Rule> | null {
    let best = exact === null ? null : this.#firstIndexed(exact.exact, path, end, head, Infinity);
    for (let node = deepest; node !== null; node = node.parent) {
      best = this.#firstIndexed(node.prefix, path, end, head, best === null ? Infinity : best.order) ?? best;
    }
    best = firstOf(this.#rest, path, end, head, best === null ? Infinity : best.order) ?? best;
    return firstOf(this.#regexes, path, end, head, best === null ? Infinity : best.order) ?? best;
  }

  /** As `firstOf`, for candidates that the index found: their path needs no second look unless case or raw prefixes are in play. */
  #firstIndexed(
    list: readonly Candidate<Rule>[],
    path: string,
    end: number,
    head: RequestHead,
    before: number,
  ): Candidate<Rule> | null {
    if (this.#folded || this.#rawAt !== null) return firstOf(list, path, end, head, before);
    for (let i = 0; i < list.length; i++) {
      const c = list[i]!;
      if (this.listed && c.order > before) return null;
      if (c.conditionsHold(head)) return c;
    }
    return null;
  }

  #lookUp(hash: number, path: string, length: number): Node<Rule> | null {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = (hash ^ (hash >>> 15)) & mask;
    for (let i = slots[at]!; i >= 0; i = slots[at]!) {
      const node = this.#nodes[i]!;
      if (node.hash === hash && node.text.length === length) {
        if (this.#folded ? startsFolded(path, node.text, false) : path.startsWith(node.text)) return node;
      }
      at = (at + 1) & mask;
    }
    return null;
  }

  #place(byText: Map<string, Node<Rule>>, c: Candidate<Rule>): void {
    const text = this.#folded ? foldCase(c.text) : c.text;
    let node = byText.get(text);
    if (node === undefined) {
      node = { text, hash: hashOf(text), exact: [], prefix: [], raw: false, parent: null };
      byText.set(text, node);
      this.#nodes.push(node);
    }
    if (c.kind === "exact") node.exact.push(c);
    else {
      node.prefix.push(c);
      if (c.raw) node.raw = true;
    }
  }

  #insert(i: number): void {
    const mask = this.#slots.length - 1;
    const hash = this.#nodes[i]!.hash;
    let at = (hash ^ (hash >>> 15)) & mask;
    while (this.#slots[at]! >= 0) at = (at + 1) & mask;
    this.#slots[at] = i;
  }
}

function hashOf(text: string): number {
  let hash = SEED;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
  return hash;
}

function parentOf<Rule>(byText: ReadonlyMap<string, Node<Rule>>, node: Node<Rule>): Node<Rule> | null {
  for (let n = node.text.length - 1; n >= 0; n--) {
    const shorter = byText.get(node.text.slice(0, n));
    if (shorter === undefined || shorter.prefix.length === 0) continue;
    if (shorter.raw || node.text.charCodeAt(n) === SLASH) return shorter;
  }
  return null;
}

function firstOf<Rule>(
  list: readonly Candidate<Rule>[],
  path: string,
  end: number,
  head: RequestHead,
  before: number,
): Candidate<Rule> | null {
  for (let i = 0; i < list.length; i++) {
    const c = list[i]!;
    if (c.order > before) continue;
    if (c.pathHolds(path, end) && c.conditionsHold(head)) return c;
  }
  return null;
}
