import { z } from "zod";
import { headerName } from "./header.ts";
import { leaf, refuse } from "./leaf.ts";
import { path } from "./path.ts";
import { regex } from "./regex.ts";
import { bool, text, wantText } from "./scalar.ts";

function valueMatch() {
  const value = text();
  return z.union([
    value,
    z.strictObject({
      exact: value.optional().describe("The whole value"),
      prefix: value.optional().describe("How the value begins"),
      suffix: value.optional().describe("How the value ends"),
      regex: regex.optional().describe("What the whole value matches, in RE2's syntax"),
      present: bool().optional().describe("true: it is there, whatever its value; false: it is absent"),
      absent: bool().optional().describe("true: it is absent; false: it is there"),
      invert: bool().optional().describe("Take the opposite"),
    }),
  ]);
}

/** Upper case. */
export const method = leaf({ type: "string", pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", examples: ["GET", "POST"] }, (v) => {
  if (typeof v !== "string") return wantText('a method such as "GET"', v);
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(v))
    return refuse(`correct the method: found ${JSON.stringify(v)}, wanted a token such as "GET"`);
  return v.toUpperCase();
});

/** One alternative of `match`: all its keys must hold. */
export const matchSchema = z
  .strictObject({
    path: path().optional().describe("The whole path"),
    prefix: path().optional().describe("Whole leading segments: /a matches /a and /a/b, not /ab"),
    rawPrefix: path().optional().describe("Leading characters: /a matches /ab too"),
    regex: regex.optional().describe("What the whole path matches, in RE2's syntax"),
    ignoreCase: bool().optional().describe("Compare the path without regard to the case of ASCII letters"),
    method: z
      .union([method, z.array(method).min(1)])
      .optional()
      .describe("Methods; any when absent"),
    headers: z.record(headerName(), valueMatch()).optional().describe("Header fields by name; a string is an exact value"),
    query: z.record(z.string(), valueMatch()).optional().describe("Query parameters by name; a string is an exact value"),
  })
  .meta({ id: "Match" });

export type MatchConfig = z.output<typeof matchSchema>;
export type ValueMatchConfig = NonNullable<MatchConfig["headers"]>[string];
