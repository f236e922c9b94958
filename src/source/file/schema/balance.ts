import { z } from "zod";
import { duration } from "./duration.ts";
import { hashKeysSchema } from "./hash_key.ts";
import { type Leaf, leaf, mismatch, refuse } from "./leaf.ts";
import { choice, decimal, int } from "./scalar.ts";
import { share } from "./share.ts";

const slowStart = z
  .union([
    duration(),
    z.strictObject({
      window: duration().describe("How long a host's share grows"),
      aggression: decimal(0.01, 100).prefault(1).describe("Above 1 the share grows fast at first, below 1 slowly; 1: evenly"),
      minShare: share().prefault("10%").describe("Part of its share that a host begins with"),
    }),
  ])
  .optional()
  .describe("Give a host that is new or healthy again a share that grows, for so long; its whole share at once when absent");

/** The largest table that Envoy takes too. */
const LARGEST_TABLE = 5_000_011;

const on = hashKeysSchema
  .prefault("source")
  .describe("What is hashed: source (the client's address), path, a header, a cookie, a query parameter, or several of them");

const kinds = {
  roundRobin: z.strictObject({ slowStart }).optional().describe("By turns, in proportion to weights"),
  random: z.strictObject({ slowStart }).optional().describe("By chance, in proportion to weights"),
  leastRequest: z
    .strictObject({
      choices: int(2, 128).prefault(2).describe("Endpoints that are drawn, of which the one with the fewest requests is taken"),
      activeBias: decimal(0, 100).prefault(1).describe("How much requests under way count against a weight; 0: not at all"),
      slowStart,
    })
    .optional()
    .describe("The endpoint with the fewest requests under way, of two that are drawn"),
  peakEwma: z
    .strictObject({
      decay: duration().prefault("10s").describe("How long a slow reply is remembered"),
      slowStart,
    })
    .optional()
    .describe("The endpoint that answers fastest, of two that are drawn"),
  ringHash: z
    .strictObject({
      on,
      points: int(160, 65_536)
        .prefault(160)
        .describe("Points of an endpoint of average weight on the ring; more share more evenly"),
      slowStart,
    })
    .optional()
    .describe("The same key to the same endpoint, by a ring (ketama)"),
  maglev: z
    .strictObject({
      on,
      tableSize: prime().prefault(65_537).describe("Slots of the table, a prime; some hundred times the endpoints"),
      slowStart,
    })
    .optional()
    .describe("The same key to the same endpoint, by a table: faster and more even than a ring"),
};

export type BalanceKind = keyof typeof kinds;
export const BALANCE_KINDS = Object.keys(kinds) as readonly BalanceKind[];

/** `balance` of a cluster: the name of a policy, or one with its settings. */
export const balanceSchema = z.union([
  choice("roundRobin", "random", "leastRequest", "peakEwma", "ringHash", "maglev"),
  z.strictObject(kinds),
]);

export type BalanceConfig = z.output<typeof balanceSchema>;
export type PoliciesConfig = Exclude<BalanceConfig, string>;

/** What a policy is of which only the name is given. */
export function policyOf(kind: BalanceKind): PoliciesConfig {
  return z.strictObject(kinds).parse({ [kind]: {} });
}

function prime(): Leaf<number> {
  const wanted = `a prime from 2 to ${LARGEST_TABLE}`;
  const number = int(2, LARGEST_TABLE, wanted);
  return leaf({ type: "integer", minimum: 2, maximum: LARGEST_TABLE, examples: [65_537] }, (v) => {
    const read = number.safeParse(v);
    if (!read.success)
      return typeof v === "number" ? refuse(`change the number: found ${v}, wanted ${wanted}`) : mismatch(wanted);
    if (isPrime(read.data)) return read.data;
    let next = read.data;
    while (!isPrime(next)) next++;
    return refuse(`change the number: found ${read.data}, wanted ${wanted}`, `the next one is ${next}`);
  });
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return n > 1;
}
