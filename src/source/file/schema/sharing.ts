import { z } from "zod";
import { choice, decimal, text } from "./scalar.ts";
import { share } from "./share.ts";

/** `sharing` of a cluster. */
export const sharingSchema = z.strictObject({
  overprovisioning: decimal(1, 100)
    .prefault(1.4)
    .describe("A level of priority keeps all its traffic while its healthy part times this is 1 or more"),
  panicThreshold: share()
    .prefault("50%")
    .describe("Below this part of healthy endpoints all take traffic, for the few would fall over too; 0%: never"),
  zones: z
    .record(z.string(), decimal(0, 1_000_000))
    .optional()
    .describe("Shares of zones, by name; a zone that is not named has 1. Zones make no difference when absent"),
});

const keys = z.array(text()).min(1);

const list = z.array(z.union([text(), keys])).min(1);

/** `subsets` of a cluster. */
export const subsetsSchema = z.union([
  list,
  z.strictObject({
    keys: list.describe("Keys of the endpoints' metadata that routes may ask for: each alone, or a list of keys together"),
    fallback: z
      .union([choice("any", "none"), z.record(z.string(), text())])
      .prefault("none")
      .describe("Without an endpoint of the subset: any endpoint, none (503), or those with these metadata"),
  }),
]);

export type SharingConfig = z.output<typeof sharingSchema>;
export type SubsetsConfig = z.output<typeof subsetsSchema>;
