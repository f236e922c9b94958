import { z } from "zod";
import { headerValue } from "./header.ts";
import { hostName } from "./host.ts";
import { type Leaf, leaf, mismatch, refuse } from "./leaf.ts";
import { newPath, newPrefix } from "./path.ts";
import { regex } from "./regex.ts";
import { bool, int, text } from "./scalar.ts";

const weighted = z.strictObject({
  cluster: text().describe("Name of a cluster"),
  weight: int(0, 1_000_000).prefault(1).describe("Its share of the sum of all weights"),
});

/** Cluster name, one with a weight, or a list of them: where sessions go. */
export const toSchema = z.union([text(), weighted, z.array(z.union([text(), weighted])).min(1)]);

const target = weighted.extend({
  subset: z
    .record(z.string(), text())
    .optional()
    .describe("Only endpoints with these metadata, by keys that the cluster's subsets name; all when absent"),
});

/** The same where requests go. */
export const forwardToSchema = z.union([text(), target, z.array(z.union([text(), target])).min(1)]);

const pathChange = {
  path: newPath().optional().describe("The new path; the query stays unless this brings its own"),
  prefix: newPrefix().optional().describe("What replaces the prefix that matched"),
  regex: regex.optional().describe("What of the path is replaced, every occurrence; in RE2's syntax"),
  substitution: text().optional().describe("What replaces it: \\1 to \\9 are groups, \\0 the whole match, \\\\ a backslash"),
};

export type PathChange = { [K in keyof typeof pathChange]?: string | undefined };

export const rewriteSchema = z.strictObject({
  ...pathChange,
  host: hostName(true, ["pass", "endpoint"])
    .optional()
    .describe('Host sent on: "pass" the client\'s, "endpoint" the address in the config, or a literal'),
});

export const respondSchema = z.strictObject({
  status: respondStatus().prefault(200).describe("Status of the reply"),
  body: text().prefault("").describe("Body of the reply"),
  contentType: headerValue().optional().describe("Content-Type of the body; text/plain; charset=utf-8 when absent"),
});

export const redirectSchema = z.strictObject({
  status: redirectStatus().prefault(302).describe("301, 302, 303, 307 or 308"),
  scheme: text({ enum: ["http", "https"] }, (s) => (s === "http" || s === "https" ? s : mismatch("http or https")))
    .optional()
    .describe("http or https; the request's when absent"),
  host: hostName(false).optional().describe("Host of the new place; the request's when absent"),
  port: int(1, 65535)
    .optional()
    .describe("Port of the new place; when absent the request's, or the scheme's where that is given"),
  ...pathChange,
  stripQuery: bool().prefault(false).describe("Leave the query out"),
});

export type ForwardToConfig = z.output<typeof forwardToSchema>;
export type ToConfig = z.output<typeof toSchema>;
export type RewriteConfig = z.output<typeof rewriteSchema>;
export type RespondConfig = z.output<typeof respondSchema>;
export type RedirectConfig = z.output<typeof redirectSchema>;

function respondStatus(): Leaf<number> {
  return int(200, 599, "a final status from 200 to 599");
}

function redirectStatus(): Leaf<number> {
  const known = [301, 302, 303, 307, 308];
  return leaf({ enum: known }, (v) => {
    const n = typeof v === "string" ? Number(v) : v;
    if (typeof n !== "number") return mismatch(`one of ${known.join(", ")}`);
    return known.includes(n) ? n : refuse(`change the status: found ${n}, wanted one of ${known.join(", ")}`);
  });
}
