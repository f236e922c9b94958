import { createHash } from "node:crypto";
import { REMEMBERED_CHAINS } from "../limits.ts";

/** Chains that were found good, by all that the finding depended on, until a certificate of theirs expires. The longest unused goes first. */
export class VerifiedChains {
  readonly #until = new Map<string, number>();
  readonly #limit: number;

  constructor(limit: number = REMEMBERED_CHAINS) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#until.size;
  }

  /** Times are in milliseconds since 1970. */
  has(key: string, now: number): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    this.#until.delete(key);
    if (now > until) return false;
    this.#until.set(key, until);
    return true;
  }

  add(key: string, until: number): void {
    this.#until.delete(key);
    this.#until.set(key, until);
    if (this.#until.size <= this.#limit) return;
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest);
      return;
    }
  }
}

/** Different for any two chains under any two policies; `policy` tells the role, the authorities' version and the allowed names. */
export function chainKey(policy: string, chain: readonly Uint8Array[]): string {
  const hash = createHash("sha256").update(`${policy}\0`);
  for (const der of chain) hash.update(`${der.length}\0`).update(der);
  return hash.digest("base64");
}
