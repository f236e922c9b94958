import { LOWER } from "../base/ascii.ts";
import { equalsIgnoreCase } from "../base/bytes.ts";

/** Field names that Weir itself reads. An id is below 32, so that one int tells which of them a message has. */
export const ID = {
  host: 1,
  connection: 2,
  "content-length": 3,
  "transfer-encoding": 4,
  te: 5,
  trailer: 6,
  upgrade: 7,
  expect: 8,
  "keep-alive": 9,
  "proxy-connection": 10,
  "proxy-authenticate": 11,
  "proxy-authorization": 12,
  forwarded: 13,
  "x-forwarded-for": 14,
  "x-forwarded-proto": 15,
  "x-forwarded-host": 16,
  "x-request-id": 17,
  via: 18,
  date: 19,
  server: 20,
  "max-forwards": 21,
  "http2-settings": 22,
  "user-agent": 23,
  referer: 24,
  cookie: 25,
  authorization: 26,
  "content-type": 27,
  origin: 28,
  traceparent: 29,
  "grpc-timeout": 30,
  "x-forwarded-client-cert": 31,
} as const;

export type KnownName = keyof typeof ID;

const SLOTS = 512;
const table: { lower: string; id: number }[][] = Array.from({ length: SLOTS }, () => []);
for (const [lower, id] of Object.entries(ID))
  table[slotOf(lower.length, lower.charCodeAt(0), lower.charCodeAt(lower.length - 1))]!.push({ lower, id });
const byName: ReadonlyMap<string, number> = new Map(Object.entries(ID));

function slotOf(length: number, first: number, last: number): number {
  return (length * 61 + first * 7 + last * 31) & (SLOTS - 1);
}

/** The id of the name at `b[from, to)`, 0 when it is none that Weir reads. */
export function knownId(b: Uint8Array, from: number, to: number): number {
  const row = table[slotOf(to - from, LOWER[b[from]!]!, LOWER[b[to - 1]!]!)]!;
  for (let i = 0; i < row.length; i++) if (equalsIgnoreCase(b, from, to, row[i]!.lower)) return row[i]!.id;
  return 0;
}

/** Spellings that are remembered; Weir's own are a few dozen. */
const SPELLINGS = 512;
const spelled = new Map<string, number>(byName);

/** The id of a name in any case, 0 when it is none that Weir reads. A known spelling makes no string. */
export function idOfName(name: string): number {
  const known = spelled.get(name);
  if (known !== undefined) return known;
  const id = knownIdOf(name.toLowerCase());
  if (spelled.size < SPELLINGS) spelled.set(name, id);
  return id;
}

/** The id of a lower-case name, 0 when it is none that Weir reads. */
export function knownIdOf(lower: string): number {
  return byName.get(lower) ?? 0;
}
