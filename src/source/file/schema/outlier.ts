import { z } from "zod";
import { duration } from "./duration.ts";
import { decimal, int, off } from "./scalar.ts";
import { share } from "./share.ts";

const MOST = 1_000_000;

/** How many endpoints have to have had how many requests, before they are compared. */
function sample(minHosts: number, minRequests: number) {
  return {
    minHosts: int(1, MOST).prefault(minHosts).describe("Endpoints with enough requests that it takes to compare them"),
    minRequests: int(1, MOST).prefault(minRequests).describe("Requests of an endpoint in the interval that are enough"),
  };
}

/** `outlier` of a cluster; `{}` has Envoy's defaults. */
export const outlierSchema = z.union([
  z.strictObject({
    consecutive5xx: z
      .union([int(1, MOST), off()])
      .prefault(5)
      .describe("Replies of 500 to 599 and failures in a row; false: they are not counted"),
    consecutiveGatewayErrors: z
      .union([int(1, MOST), off()])
      .prefault(5)
      .describe("Replies of 502 to 504 and failures in a row; false: they are not counted"),
    consecutiveLocalFailures: z
      .union([int(1, MOST), off()])
      .prefault(5)
      .describe("Connections that failed, resets and timeouts in a row; false: they are not counted"),
    interval: duration().prefault("10s").describe("How often shares are compared"),
    baseEjection: duration().prefault("30s").describe("How long an endpoint is left out at first; each time so much longer"),
    maxEjection: duration().prefault("5m").describe("The longest that it is left out"),
    maxEjected: share().prefault("10%").describe("Part of the endpoints that may be left out at once; one always may"),
    successRate: z
      .union([
        z.strictObject({
          ...sample(5, 100),
          stdevFactor: decimal(0, 100).prefault(1.9).describe("Below the mean by so many standard deviations"),
        }),
        off(),
      ])
      .prefault({})
      .describe("Leave out endpoints of which fewer requests succeed than of the others; false: they are not compared"),
    failureShare: z
      .union([
        z.strictObject({ ...sample(5, 50), threshold: share().prefault("85%").describe("Part of requests that fail") }),
        off(),
      ])
      .prefault(false)
      .describe("Leave out endpoints of which a part of requests fails, whatever the others do; false: it is not looked at"),
  }),
  off(),
]);

export type OutlierConfig = z.output<typeof outlierSchema>;
