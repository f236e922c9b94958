import type { RequestHead } from "../http/head.ts";
import { type Candidate, foldCode } from "./candidate.ts";
import type { RouteMatch } from "./types.ts";

const SLASH = 0x2f;
const PRIME = 0x01000193;

/** Numbers a node in `Layout.nodes`: hash, its index, offset and length of its text, first exact entry, first prefix entry, end, link. */
export const NODE = 8;
export const N_INDEX = 1;
export const N_TEXT = 2;
export const N_LENGTH = 3;
export const N_EXACT = 4;
export const N_PREFIX = 5;
export const N_END = 6;
/** Node number of the next shorter prefix plus one, times two; plus one when some prefix here need not end with a segment. */
export const N_LINK = 7;

/** Numbers an index in `Layout.indexes`: node of the empty prefix or -1, first regex entry, first entry without a path, end. */
export const INDEX = 4;
export const I_REGEX = 1;
export const I_REST = 2;
export const I_END = 3;

/** The entry's method, headers or query must be looked at. */
export const CONDITIONS = 1;
/** The entry's path must be looked at again: a regex, or a text that the node alone does not settle. */
export const PATH = 2;

/**
 * The paths of all hosts in flat arrays. Objects and strings of their own for each route would lie apart, and a request that is drawn
 * from ten thousand routes then waits for memory at every step: this layout took the match of such a one from 1.5 µs to a third.
 */
export interface Layout<Rule> {
  readonly listed: boolean;
  /** Hash and node number of each slot, open addressing; node -1: free. Length a power of two, times two. */
  readonly slots: Int32Array;
  readonly nodes: Int32Array;
  /** Texts of nodes, a byte each, in lower case when `folded`. */
  readonly texts: Uint8Array;
  readonly indexes: Int32Array;
  readonly candidates: readonly Candidate<Rule>[];
  readonly answers: readonly RouteMatch<Rule>[];
  /** Place of each entry in the file. */
  readonly orders: Int32Array;
  readonly flags: Uint8Array;
  /** Length of the longest text. */
  readonly longest: number;
  /** Some candidate ignores case. */
  readonly folded: boolean;
  /** 1 at lengths of raw prefixes, which may end anywhere; null when there are none. */
  readonly rawAt: Uint8Array | null;
}

export function seedOf(index: number): number {
  return Math.imul(index + 1, 0x9e3779b1) ^ 0x811c9dc5;
}

/** FNV-1a by char. */
export function mixHash(hash: number, c: number): number {
  return Math.imul(hash ^ c, PRIME);
}

export function slotOf(hash: number, slots: Int32Array): number {
  return ((hash ^ (hash >>> 15)) << 1) & (slots.length - 1);
}

/**
 * Finds the winner among the routes of one index, which is what one host, or several with the same routes, has. One pass over the path
 * hashes it and looks its text up at each end of a segment, so the cost grows with the path, not with the number of routes, and
 * nothing is made. The longest prefix met leads to the shorter ones by its link. Hashes pick, texts decide.
 */
export class PathTable<Rule> {
  readonly #listed: boolean;
  readonly #slots: Int32Array;
  readonly #nodes: Int32Array;
  readonly #texts: Uint8Array;
  readonly #indexes: Int32Array;
  readonly #candidates: readonly Candidate<Rule>[];
  readonly #answers: readonly RouteMatch<Rule>[];
  readonly #orders: Int32Array;
  readonly #flags: Uint8Array;
  readonly #longest: number;
  readonly #folded: boolean;
  readonly #rawAt: Uint8Array | null;

  constructor(l: Layout<Rule>) {
    this.#listed = l.listed;
    this.#slots = l.slots;
    this.#nodes = l.nodes;
    this.#texts = l.texts;
    this.#indexes = l.indexes;
    this.#candidates = l.candidates;
    this.#answers = l.answers;
    this.#orders = l.orders;
    this.#flags = l.flags;
    this.#longest = l.longest;
    this.#folded = l.folded;
    this.#rawAt = l.rawAt;
  }

  /** `end` is the offset of the query or the path's length. */
  find(index: number, path: string, end: number, head: RequestHead): RouteMatch<Rule> | null {
    const last = Math.min(end, this.#longest);
    const nodes = this.#nodes;
    const rawAt = this.#rawAt;
    const folded = this.#folded;
    let hash = seedOf(index);
    let prefix = this.#indexes[index * INDEX]!;
    // `*` and CONNECT's authority are no paths: the prefix `/` is not theirs.
    if (prefix >= 0 && path.charCodeAt(0) !== SLASH && (nodes[prefix * NODE + N_LINK]! & 1) === 0) prefix = -1;
    for (let i = 0; i < last; i++) {
      const c = path.charCodeAt(i);
      if ((c === SLASH && i > 0) || (rawAt !== null && rawAt[i] === 1)) {
        const node = this.#lookUp(hash, index, path, i);
        if (node >= 0 && this.#hasPrefix(node, c === SLASH)) prefix = node;
      }
      hash = mixHash(hash, folded ? foldCode(c) : c);
    }
    let exact = -1;
    if (last > 0) {
      const node = this.#lookUp(hash, index, path, last);
      if (node >= 0) {
        if (last === end) exact = node;
        if (this.#hasPrefix(node, last === end || path.charCodeAt(last) === SLASH)) prefix = node;
      }
    }
    const entry = this.#listed
      ? this.#firstListed(index, exact, prefix, path, end, head)
      : this.#mostSpecific(index, exact, prefix, path, end, head);
    return entry < 0 ? null : this.#answers[entry]!;
  }

  #mostSpecific(index: number, exact: number, prefix: number, path: string, end: number, head: RequestHead): number {
    const nodes = this.#nodes;
    if (exact >= 0) {
      const e = this.#first(nodes[exact * NODE + N_EXACT]!, nodes[exact * NODE + N_PREFIX]!, path, end, head);
      if (e >= 0) return e;
    }
    for (let n = prefix; n >= 0; n = (nodes[n * NODE + N_LINK]! >> 1) - 1) {
      const e = this.#first(nodes[n * NODE + N_PREFIX]!, nodes[n * NODE + N_END]!, path, end, head);
      if (e >= 0) return e;
    }
    const at = index * INDEX;
    return this.#first(this.#indexes[at + I_REGEX]!, this.#indexes[at + I_END]!, path, end, head);
  }

  /** The first of each list, and of those the one that stands first in the file. */
  #firstListed(index: number, exact: number, prefix: number, path: string, end: number, head: RequestHead): number {
    const nodes = this.#nodes;
    let best = -1;
    if (exact >= 0) best = this.#first(nodes[exact * NODE + N_EXACT]!, nodes[exact * NODE + N_PREFIX]!, path, end, head);
    for (let n = prefix; n >= 0; n = (nodes[n * NODE + N_LINK]! >> 1) - 1) {
      best = this.#firstBefore(best, nodes[n * NODE + N_PREFIX]!, nodes[n * NODE + N_END]!, path, end, head);
    }
    const at = index * INDEX;
    best = this.#firstBefore(best, this.#indexes[at + I_REST]!, this.#indexes[at + I_END]!, path, end, head);
    return this.#firstBefore(best, this.#indexes[at + I_REGEX]!, this.#indexes[at + I_REST]!, path, end, head);
  }

  #first(from: number, to: number, path: string, end: number, head: RequestHead): number {
    for (let e = from; e < to; e++) if (this.#holds(e, path, end, head)) return e;
    return -1;
  }

  #firstBefore(best: number, from: number, to: number, path: string, end: number, head: RequestHead): number {
    const order = best < 0 ? Infinity : this.#orders[best]!;
    for (let e = from; e < to; e++) {
      if (this.#orders[e]! > order) return best;
      if (this.#holds(e, path, end, head)) return e;
    }
    return best;
  }

  #holds(e: number, path: string, end: number, head: RequestHead): boolean {
    const flags = this.#flags[e]!;
    if (flags === 0) return true;
    const c = this.#candidates[e]!;
    if ((flags & PATH) !== 0 && !c.pathHolds(path, end)) return false;
    return (flags & CONDITIONS) === 0 || c.conditionsHold(head);
  }

  #hasPrefix(node: number, segmentEnds: boolean): boolean {
    const at = node * NODE;
    const nodes = this.#nodes;
    return nodes[at + N_PREFIX]! < nodes[at + N_END]! && (segmentEnds || (nodes[at + N_LINK]! & 1) !== 0);
  }

  /** The node of the path's first `length` chars, -1 when the index has none. */
  #lookUp(hash: number, index: number, path: string, length: number): number {
    const slots = this.#slots;
    const nodes = this.#nodes;
    for (let s = slotOf(hash, slots); ; s = (s + 2) & (slots.length - 1)) {
      const node = slots[s + 1]!;
      if (node < 0) return -1;
      if (slots[s] !== hash) continue;
      const at = node * NODE;
      if (nodes[at + N_INDEX] !== index || nodes[at + N_LENGTH] !== length) continue;
      if (this.#holdsText(nodes[at + N_TEXT]!, path, length)) return node;
    }
  }

  #holdsText(at: number, path: string, length: number): boolean {
    const texts = this.#texts;
    const folded = this.#folded;
    for (let i = 0; i < length; i++) {
      const c = path.charCodeAt(i);
      if (texts[at + i] !== (folded ? foldCode(c) : c)) return false;
    }
    return true;
  }
}
