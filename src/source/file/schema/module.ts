import { z } from "zod";
import { type Leaf, leaf, mismatch } from "./leaf.ts";
import { text } from "./scalar.ts";

/** Any value of the config, for whoever it is given to. */
export function anything(): Leaf<unknown> {
  return leaf({}, (v) => (v === undefined ? mismatch("a value") : v));
}

/** A module with what it is given. */
export const moduleSchema = z.strictObject({
  module: text({ examples: ["./app.ts"] }).describe("File of TypeScript or JavaScript, relative to this file"),
  config: anything().optional().describe("Any value, which the module is given"),
});

export type ModuleConfig = z.output<typeof moduleSchema>;
