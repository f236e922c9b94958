import type { FilterExchange } from "../../filter/types.ts";
import type { Action } from "./read_action.ts";

/** Answers kept for one use of a plugin. */
const ENTRIES = 10_000;
/** A reply with a longer body is asked for anew. */
const BODY_BYTES = 64 * 1024;

interface Kept {
  readonly action: Action;
  readonly until: number;
}

/** Reads one part of a key; null: it is absent. */
export type PartReader = (part: string, x: FilterExchange) => string | null;

/**
 * Answers that a plugin said hold for other requests too. The parts that a key is made of may differ from answer to answer: each list of
 * parts has a table of its own, and they are asked in turn.
 */
export class AnswerCache {
  readonly #now: () => number;
  readonly #read: PartReader;
  readonly #tables = new Map<string, { readonly parts: readonly string[]; readonly kept: Map<string, Kept> }>();

  constructor(now: () => number, read: PartReader) {
    this.#now = now;
    this.#read = read;
  }

  get(x: FilterExchange): Action | null {
    for (const { parts, kept } of this.#tables.values()) {
      const key = this.#key(parts, x);
      const found = kept.get(key);
      if (found === undefined) continue;
      if (found.until > this.#now()) return found.action;
      kept.delete(key);
    }
    return null;
  }

  /** The request is as it was when the plugin was asked. */
  put(x: FilterExchange, action: Action): void {
    const { cache, reply } = action;
    if (cache === null || (reply !== null && reply.body.length > BODY_BYTES)) return;
    const name = cache.key.join("\n");
    let table = this.#tables.get(name);
    if (table === undefined) {
      if (this.#tables.size >= MAX_TABLES) return;
      table = { parts: cache.key, kept: new Map() };
      this.#tables.set(name, table);
    }
    const { kept } = table;
    // The oldest goes first.
    if (kept.size >= ENTRIES) kept.delete(kept.keys().next().value!);
    kept.set(this.#key(cache.key, x), { action, until: this.#now() + cache.ttlMs });
  }

  #key(parts: readonly string[], x: FilterExchange): string {
    return JSON.stringify(parts.map((p) => this.#read(p, x)));
  }
}

/** Kinds of keys; a plugin that has more of them caches nothing new. */
const MAX_TABLES = 8;
