import type { PathIndex } from "./path_index.ts";

const DOT = 0x2e;

/** A host's routes, and those of the next more general host, which are tried when none of these match. */
export interface HostLink<Rule> {
  readonly pattern: string;
  readonly routes: PathIndex<Rule>;
  readonly next: HostLink<Rule> | null;
}

/** Hosts of one port, or of every port. A host that the config names costs one look-up; links to the next host are made beforehand. */
export class HostTable<Rule> {
  readonly #exact: ReadonlyMap<string, HostLink<Rule>>;
  readonly #wild: WildHosts<Rule>;

  constructor(exact: ReadonlyMap<string, HostLink<Rule>>, wild: WildHosts<Rule>) {
    this.#exact = exact;
    this.#wild = wild;
  }

  /** The best host for a key of `hostKey`; null when none matches. */
  find(host: string): HostLink<Rule> | null {
    return this.#exact.get(host) ?? this.#wild.find(host);
  }
}

/** Wildcard hosts by their suffix with its leading dot, and the routes for every host. */
export class WildHosts<Rule> {
  readonly #any: HostLink<Rule> | null;
  readonly #bySuffix = new Map<string, HostLink<Rule>>();
  #longest = 0;

  constructor(any: HostLink<Rule> | null) {
    this.#any = any;
  }

  add(suffix: string, link: HostLink<Rule>): void {
    this.#bySuffix.set(suffix, link);
    this.#longest = Math.max(this.#longest, suffix.length);
  }

  /** The longest wildcard that covers the host, else the routes for every host. */
  find(host: string): HostLink<Rule> | null {
    if (this.#longest === 0) return this.#any;
    // Suffixes longer than any pattern are not looked up: the work is bounded by the config, not by the client's dots.
    // A wildcard stands for at least one character, hence from 1.
    for (let i = Math.max(1, host.length - this.#longest); i < host.length; i++) {
      if (host.charCodeAt(i) !== DOT) continue;
      const wild = this.#bySuffix.get(host.slice(i));
      if (wild !== undefined) return wild;
    }
    return this.#any;
  }
}
