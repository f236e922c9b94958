const DOT = 0x2e;

/** A host's routes, and the link of the next more general host, which is tried when none of these match. */
export interface HostLink {
  /** As written in the config. */
  readonly pattern: string;
  /** Number of an index of the table's paths. */
  readonly index: number;
  /** Number of a link; -1: none. */
  readonly next: number;
}

/** Hosts of one port, or of every port. A host that the config names costs one look-up; links to the next host are made beforehand. */
export class HostTable {
  readonly #exact: ReadonlyMap<string, number>;
  readonly #wild: WildHosts;

  constructor(exact: ReadonlyMap<string, number>, wild: WildHosts) {
    this.#exact = exact;
    this.#wild = wild;
  }

  /** Link of the best host for a key of `hostKey`; -1 when none matches. */
  find(host: string): number {
    return this.#exact.get(host) ?? this.#wild.find(host);
  }
}

/** Wildcard hosts by their suffix with its leading dot, and the routes for every host. */
export class WildHosts {
  readonly #any: number;
  readonly #bySuffix = new Map<string, number>();
  #longest = 0;

  /** `any`: link of the routes for every host, -1 when there are none. */
  constructor(any: number) {
    this.#any = any;
  }

  add(suffix: string, link: number): void {
    this.#bySuffix.set(suffix, link);
    this.#longest = Math.max(this.#longest, suffix.length);
  }

  /** Link of the longest wildcard that covers the host, else of the routes for every host. */
  find(host: string): number {
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
