import type { HashKeySpec } from "../config/traffic_model.ts";
import { setCookie } from "../http/cookie.ts";

export type CookieKey = Extract<HashKeySpec, { kind: "cookie" }>;

/** Cookies that a request lacked and gets with its reply: one of each name, however many keys ask for it. */
export class MintedCookies {
  /** Values of Set-Cookie. */
  lines: readonly string[] = NONE;
  /** null: most requests bring theirs. */
  #values: Map<string, string> | null = null;

  /** The value that the client will have: 122 random bits, so that nobody can guess another's. */
  mint(name: string, terms: NonNullable<CookieKey["mint"]>): string {
    this.#values ??= new Map();
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const value = crypto.randomUUID();
    this.#values.set(name, value);
    this.lines = [...this.lines, setCookie(name, value, terms)];
    return value;
  }
}

const NONE: readonly string[] = [];
