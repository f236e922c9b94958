import { z } from "zod";
import { duration, LONGEST_COOKIE } from "./duration.ts";
import { headerName } from "./header.ts";
import { type Leaf, leaf, refuse } from "./leaf.ts";
import { bool, choice, off, text, wantText } from "./scalar.ts";

/** RFC 6265 4.1.1: a token. */
function cookieName(): Leaf<string> {
  return leaf({ type: "string", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$|\\$\\{", examples: ["session"] }, (v) => {
    if (typeof v !== "string") return wantText("the name of a cookie", v);
    return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(v)
      ? v
      : refuse(`correct the cookie's name: found ${JSON.stringify(v)}, wanted letters, digits and "-", "_", "."`);
  });
}

function cookiePath(): Leaf<string> {
  return text({ pattern: "^/" }, (s) =>
    /^\/[\x21-\x3a\x3c-\x7e]*$/.test(s) ? s : refuse(`correct the path: found ${JSON.stringify(s)}, wanted one such as "/"`),
  );
}

const cookie = z.strictObject({
  name: cookieName().describe("Name of the cookie"),
  mint: bool()
    .optional()
    .describe("Give clients without the cookie one; when absent as ttl is there, and always where it is sticky"),
  ttl: duration(1000, LONGEST_COOKIE).optional().describe("How long a minted cookie lives; as long as the browser when absent"),
  path: cookiePath().optional().describe("Path of a minted cookie; / when absent"),
  httpOnly: bool().optional().describe("Keep a minted cookie from scripts; true when absent"),
  secure: bool().optional().describe("Send a minted cookie over TLS alone; false when absent"),
  sameSite: choice("strict", "lax", "none").optional().describe("SameSite of a minted cookie; the browser's rule when absent"),
});

const parts = {
  header: headerName().optional().describe("A header field, by name"),
  cookie: z.union([cookieName(), cookie]).optional().describe("A cookie, by name, or with how it is minted"),
  query: text().optional().describe("A query parameter, by name"),
};

const WORDS = ["source", "path"] as const;

const hashKeySchema = z.union([choice(...WORDS), z.strictObject(parts)]);

/** One key or several, whose hashes are combined. */
export const hashKeysSchema = z.union([hashKeySchema, z.array(hashKeySchema).min(1)]);

export const stickySchema = z.union([choice(...WORDS), z.strictObject(parts), off()]);

/** Of a key only one is given. */
export const HASH_KEY_KINDS: readonly string[] = Object.keys(parts);

export type HashKeyConfig = z.output<typeof hashKeySchema>;
export type HashKeysConfig = z.output<typeof hashKeysSchema>;
export type StickyConfig = z.output<typeof stickySchema>;
export type CookieConfig = z.output<typeof cookie>;
