import { z } from "zod";
import { duration } from "./duration.ts";
import { decimal } from "./scalar.ts";
import { share } from "./share.ts";

/** Settings of the filter `admission`. */
export const admissionSchema = z.strictObject({
  window: duration().prefault("30s").describe("How far back successes are counted"),
  threshold: share().prefault("95%").describe("Part of requests that succeed, below which some are shed"),
  aggression: decimal(0.01, 100).prefault(1).describe("Above 1 more is shed as soon as it begins"),
  minRate: decimal(0, 1_000_000).prefault(0).describe("Requests a second below which nothing is shed"),
  maxRejection: share().prefault("80%").describe("The largest part of requests that is shed, so that recovery shows"),
  wait: duration(0).prefault("0s").describe("How long a request waits to be let in before it is shed"),
});

export type AdmissionConfig = z.output<typeof admissionSchema>;
