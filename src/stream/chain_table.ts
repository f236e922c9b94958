import { CidrSet } from "../base/cidr.ts";
import type { ChainMatchSpec } from "../config/model.ts";

/** What of a connection chooses its chain. */
export interface ChainInput {
  readonly transport: "tls" | "plain";
  /** null: none was named. */
  readonly serverName: string | null;
  /** In the client's order. */
  readonly alpn: readonly string[];
  /** IP literal; for a peer on a unix socket whatever is none. */
  readonly source: string;
}

interface Entry<T> {
  readonly value: T;
  readonly transport: ChainMatchSpec["transport"];
  readonly alpn: readonly string[];
  /** null: from anywhere. */
  readonly sources: CidrSet | null;
}

/**
 * Finds the chain of a connection: of all that match the one that is most specific in its name, then in its transport, its protocols and
 * its sources. The first of equals wins.
 */
export class ChainTable<T> {
  readonly #exact = new Map<string, Entry<T>[]>();
  /** By the suffix, its dot included. */
  readonly #wildcards = new Map<string, Entry<T>[]>();
  readonly #unnamed: Entry<T>[] = [];

  add(match: ChainMatchSpec, value: T): void {
    const { transport, alpn, serverNames, sources } = match;
    const entry = { value, transport, alpn, sources: sources.length === 0 ? null : new CidrSet(sources) };
    if (serverNames.length === 0) this.#unnamed.push(entry);
    for (const name of serverNames) {
      if (name.startsWith("*.")) push(this.#wildcards, name.slice(1), entry);
      else push(this.#exact, name, entry);
    }
  }

  find(c: ChainInput): T | null {
    const { serverName } = c;
    if (serverName !== null) {
      const exact = this.#exact.get(serverName);
      const found = exact === undefined ? null : best(exact, c);
      if (found !== null) return found;
      // From the second label on, so that the longest comes first.
      for (let dot = serverName.indexOf("."); dot > 0 && this.#wildcards.size > 0; dot = serverName.indexOf(".", dot + 1)) {
        const wild = this.#wildcards.get(serverName.slice(dot));
        const found = wild === undefined ? null : best(wild, c);
        if (found !== null) return found;
      }
    }
    return best(this.#unnamed, c);
  }
}

function push<T>(map: Map<string, Entry<T>[]>, key: string, entry: Entry<T>): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, [entry]);
  else there.push(entry);
}

function best<T>(entries: readonly Entry<T>[], c: ChainInput): T | null {
  let found: Entry<T> | null = null;
  let foundAlpn = 0;
  let foundBits = 0;
  for (const e of entries) {
    if (e.transport !== "any" && e.transport !== c.transport) continue;
    const alpn = alpnPlace(e, c);
    const bits = e.sources === null ? NO_SOURCES : e.sources.longest(c.source);
    if (alpn < 0 || bits < NO_SOURCES) continue;
    if (found !== null) {
      const transport = Number(e.transport !== "any") - Number(found.transport !== "any");
      if ((transport || foundAlpn - alpn || bits - foundBits) <= 0) continue;
    }
    found = e;
    foundAlpn = alpn;
    foundBits = bits;
  }
  return found === null ? null : found.value;
}

/** Below any range's length, and above what stands for "not among them". */
const NO_SOURCES = -1;

/** Where in the client's list the first protocol stands that the chain names: less is better. Behind the list: the chain names none; −1: no match. */
function alpnPlace(e: Entry<unknown>, c: ChainInput): number {
  if (e.alpn.length === 0) return c.alpn.length;
  return c.alpn.findIndex((p) => e.alpn.includes(p));
}
