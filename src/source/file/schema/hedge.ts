import { z } from "zod";
import { duration } from "./duration.ts";
import { int, off } from "./scalar.ts";

/** `hedge` of a route: after how long, or with how many. */
export const hedgeSchema = z.union([
  duration(),
  z.strictObject({
    after: duration().describe("A try without a reply for so long gets another one beside it"),
    attempts: int(2, 8).prefault(2).describe("Tries under way at once in all"),
  }),
  off(),
]);

export type HedgeConfig = z.output<typeof hedgeSchema>;
