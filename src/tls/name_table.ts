/**
 * Finds what stands for a DNS name: the exact one, then the longest wildcard, then the rest. All names are in lower case. `reach` says what
 * `*.example.com` stands for: one label, as in certificates (RFC 9525 6.3), or any number of them, as in the hosts of routes.
 */
export class NameTable<T> {
  readonly #exact = new Map<string, T>();
  /** By the suffix, its dot included. */
  readonly #wildcards = new Map<string, T>();
  readonly #reach: "oneLabel" | "anyLabels";

  constructor(reach: "oneLabel" | "anyLabels") {
    this.#reach = reach;
  }

  /** The first value of a name stays. */
  add(pattern: string, value: T): void {
    const isWildcard = pattern.startsWith("*.");
    const table = isWildcard ? this.#wildcards : this.#exact;
    const key = isWildcard ? pattern.slice(1) : pattern;
    if (!table.has(key)) table.set(key, value);
  }

  find(name: string): T | null {
    const exact = this.#exact.get(name);
    if (exact !== undefined) return exact;
    if (this.#wildcards.size === 0) return null;
    // From the second label on; a name that begins with a dot has no label to be a wildcard's.
    for (let dot = name.indexOf("."); dot > 0; dot = name.indexOf(".", dot + 1)) {
      const found = this.#wildcards.get(name.slice(dot));
      if (found !== undefined) return found;
      if (this.#reach === "oneLabel") return null;
    }
    return null;
  }
}
