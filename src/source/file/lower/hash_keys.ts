import type { HashKeySpec, StickySpec } from "../../../config/traffic_model.ts";
import type { Reporter } from "../problem_list.ts";
import {
  type CookieConfig,
  HASH_KEY_KINDS,
  type HashKeyConfig,
  type HashKeysConfig,
  type StickyConfig,
} from "../schema/hash_key.ts";
import type { Path } from "../tree.ts";

type CookieMint = Extract<HashKeySpec, { kind: "cookie" }>["mint"];

/** What is wrong with a key has been told. */
export function lowerHashKeys(c: HashKeysConfig, at: Path, report: Reporter): HashKeySpec[] {
  if (!Array.isArray(c)) return lowerHashKey(c, at, false, report) ?? [];
  return c.flatMap((key, i) => lowerHashKey(key, [...at, i], false, report) ?? []);
}

export function lowerSticky(c: StickyConfig | undefined, at: Path, report: Reporter): StickySpec | null {
  if (c === undefined || c === null) return null;
  const [on] = lowerHashKey(c, at, true, report) ?? [];
  return on === undefined ? null : { on };
}

/** `minted`: a cookie is, unless it says otherwise. */
function lowerHashKey(c: HashKeyConfig, at: Path, minted: boolean, report: Reporter): [HashKeySpec] | null {
  if (typeof c === "string") return [{ kind: c }];
  const given = HASH_KEY_KINDS.filter((k) => c[k as keyof typeof c] !== undefined);
  if (given.length !== 1) {
    const found = given.length === 0 ? "none" : given.join(" and ");
    report.error(
      at,
      `name one key: found ${found}, wanted one of ${HASH_KEY_KINDS.join(", ")}`,
      minted ? "" : "several keys are items of a list",
    );
    return null;
  }
  if (c.header !== undefined) return [{ kind: "header", name: c.header }];
  if (c.query !== undefined) return [{ kind: "query", name: c.query }];
  const cookie = typeof c.cookie === "string" ? { name: c.cookie } : c.cookie!;
  return [{ kind: "cookie", name: cookie.name, mint: lowerMint(cookie, [...at, "cookie"], minted, report) }];
}

function lowerMint(c: CookieConfig, at: Path, minted: boolean, report: Reporter): CookieMint {
  const { mint = minted || c.ttl !== undefined } = c;
  if (!mint) {
    for (const key of ["ttl", "path", "httpOnly", "secure", "sameSite"] as const)
      if (c[key] !== undefined)
        report.errorAtKey([...at, key], `remove ${JSON.stringify(key)} or add "mint: true": found a cookie that is only read`);
    return null;
  }
  const { path = "/", secure = false } = c;
  // What browsers drop without a word (RFC 6265bis 4.1.3, 5.6.7) would be minted with each request.
  if (c.sameSite === "none" && !secure)
    report.error([...at, "sameSite"], 'add "secure: true": found sameSite none without it, and browsers drop such a cookie');
  if (/^__(?:Secure|Host)-/i.test(c.name) && !secure)
    report.error([...at, "name"], 'add "secure: true": browsers drop a cookie of this name without it');
  if (/^__Host-/i.test(c.name) && path !== "/")
    report.error([...at, "path"], `write "/": found ${JSON.stringify(path)}, and browsers drop a cookie of this name elsewhere`);
  return { ttlMs: c.ttl ?? null, path, httpOnly: c.httpOnly ?? true, secure, sameSite: c.sameSite ?? null };
}
