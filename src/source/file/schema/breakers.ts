import { z } from "zod";
import { int, off } from "./scalar.ts";
import { share } from "./share.ts";

const MOST = 2 ** 31 - 1;

const caps = {
  connections: int(1, MOST).optional().describe("Connections to all endpoints; no cap when absent"),
  pending: int(0, MOST).optional().describe("Requests that wait for a connection; no cap when absent"),
  requests: int(1, MOST).optional().describe("Requests under way; no cap when absent"),
  retries: z
    .union([
      z.strictObject({
        share: share().prefault("20%").describe("Part of the requests under way that may be retries"),
        floor: int(0, MOST).prefault(3).describe("Retries that may be under way however few requests are"),
      }),
      int(0, MOST),
      off(),
    ])
    .prefault({})
    .describe("Retries under way: a share of requests with a floor, or a number; false: no cap"),
};

const capsSchema = z.strictObject(caps);

/** `breakers` of a cluster. */
export const breakersSchema = z.strictObject({
  ...caps,
  high: capsSchema.prefault({}).describe("Caps of requests of routes with priority: high, which are counted apart"),
});

export type CapsConfig = z.output<typeof capsSchema>;
export type BreakersConfig = z.output<typeof breakersSchema>;
