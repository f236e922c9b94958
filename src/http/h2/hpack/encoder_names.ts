import { LOWER } from "../../../base/ascii.ts";
import { encodeLatin1, equalsIgnoreCase, latin1 } from "../../../base/bytes.ts";
import { ID, knownIdOf } from "../../names.ts";
import { STATIC_AT, STATIC_BYTES, STATIC_COUNT, STATIC_NAME } from "./static_table.ts";

/** What the encoder knows of a name, an int. Lowest, its index in the static table, 0 when it is not there. */
export const INDEX_MASK = 0xff;
/** Above it, how its fields are treated. */
export const POLICY_SHIFT = 8;
export const POLICY_MASK = 3;
/** Goes into the table when the same field comes a second time. */
export const REPEATS = 0;
/** Its value is hardly ever the same. */
export const VARIES = 1;
/**
 * A secret: in no table, here or further on (RFC 7541 7.1.3). An upstream connection carries what many clients send, so that one of them
 * could try out another's (7.1).
 */
export const SECRET = 2;

const SECRETS: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "x-api-key",
  "x-auth-token",
  "x-csrf-token",
  "x-amz-security-token",
]);
const VARYING: ReadonlySet<string> = new Set(["age", "content-range", "location", "x-request-id", "traceparent"]);

/** Above the policy, what tells the name apart from all others in these tables: 0 when it is in none. */
export const KEY_SHIFT = 16;

interface Row {
  readonly lower: string;
  readonly hash: number;
  readonly info: number;
}

const SLOT_BITS = 8;
const rows: Row[][] = Array.from({ length: 1 << SLOT_BITS }, () => []);
/** For each id of `names.ts`, what `nameInfo` tells of its name. */
export const INFO_OF_ID: Int32Array = new Int32Array(32);
/** Bits of the ids whose names are secrets, whatever their sender says. */
export const SECRET_IDS: number = [...SECRETS].reduce((mask, lower) => {
  const id = knownIdOf(lower);
  return id > 0 ? mask | (1 << id) : mask;
}, 0);

const indices = new Map<string, number>();
// The first of several entries with one name stands for it.
for (let i = STATIC_COUNT; i >= 1; i--) indices.set(latin1(STATIC_BYTES, STATIC_AT[i]!, STATIC_AT[i]! + STATIC_NAME[i]!), i);
let key = 0;
for (const lower of new Set([...indices.keys(), ...Object.keys(ID), ...SECRETS, ...VARYING])) {
  const hash = nameHash(encodeLatin1(lower), 0, lower.length);
  const policy = SECRETS.has(lower) ? SECRET : VARYING.has(lower) ? VARIES : REPEATS;
  const info = (++key << KEY_SHIFT) | (policy << POLICY_SHIFT) | (indices.get(lower) ?? 0);
  rows[slotOf(hash)]!.push({ lower, hash, info });
  const id = knownIdOf(lower);
  if (id > 0) INFO_OF_ID[id] = info;
}

/** The same for names that differ only in case; larger than any key. */
export function nameHash(b: Uint8Array, from: number, to: number): number {
  const middle = LOWER[b[(from + to) >>> 1]!]!;
  return (1 << 30) | ((to - from) << 24) | (LOWER[b[from]!]! << 16) | (middle << 8) | LOWER[b[to - 1]!]!;
}

/** The name's index in the static table, its policy and key. */
export function nameInfo(b: Uint8Array, from: number, to: number, hash: number): number {
  const row = rows[slotOf(hash)]!;
  for (let i = 0; i < row.length; i++) {
    const r = row[i]!;
    if (r.hash === hash && equalsIgnoreCase(b, from, to, r.lower)) return r.info;
  }
  return 0;
}

function slotOf(hash: number): number {
  return Math.imul(hash, 0x9e3779b1) >>> (32 - SLOT_BITS);
}
