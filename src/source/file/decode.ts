import type { z } from "zod";
import type { Reporter } from "./problem_list.ts";
import type { LeafFacts } from "./schema/leaf.ts";
import type { Path } from "./tree.ts";
import { tellUnknownKey } from "./unknown_key.ts";

type Issue = z.core.$ZodIssue;

/** The schema's output, null when the value has problems; all of them are told. */
export function decode<S extends z.ZodType>(schema: S, value: unknown, report: Reporter): z.output<S> | null {
  const known = new WeakMap<readonly string[], readonly string[]>();
  const result = schema.safeParse(value, {
    error: (issue) => {
      // The only moment at which the schema behind an issue can be seen.
      if (issue.code === "unrecognized_keys") known.set(issue.keys as string[], keysOf(issue.inst));
      return undefined;
    },
  });
  if (result.success) return result.data;
  for (const issue of result.error.issues) tell(issue, [], report, known);
  return null;
}

type Known = WeakMap<readonly string[], readonly string[]>;

function tell(issue: Issue, above: Path, report: Reporter, known: Known): void {
  const path = [...above, ...(issue.path as (string | number)[])];
  switch (issue.code) {
    case "unrecognized_keys":
      for (const key of issue.keys) tellUnknownKey(report, [...path, key], key, known.get(issue.keys) ?? []);
      return;
    case "invalid_union":
      tellUnion(issue, path, report, known);
      return;
    case "invalid_type":
      tellMismatch(report, path, articled(issue.expected));
      return;
    case "custom":
      tellLeaf(issue, path, report);
      return;
    default:
      report.error(path, issue.message);
  }
}

function tellLeaf(issue: z.core.$ZodIssueCustom, path: Path, report: Reporter): void {
  const facts = issue.params as LeafFacts | undefined;
  if (facts?.wanted !== undefined) tellMismatch(report, path, facts.wanted, facts.hint);
  else report.error(path, issue.message, facts?.hint ?? "");
}

/** Of the alternatives, the one that the value has the shape of is what was meant. */
function tellUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path, report: Reporter, known: Known): void {
  const fitting = issue.errors.filter((branch) => !branch.some(isMismatch));
  if (fitting.length > 0) {
    const meant = fitting.reduce((a, b) => (b.length < a.length ? b : a));
    for (const inner of meant) tell(inner, path, report, known);
    return;
  }
  tellMismatch(report, path, wantedOf(issue), hintOf(issue));
}

function isMismatch(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === "invalid_union") return issue.errors.every((branch) => branch.some(isMismatch));
  return (
    issue.code === "invalid_type" || (issue.code === "custom" && (issue.params as LeafFacts | undefined)?.wanted !== undefined)
  );
}

function wantedOf(issue: Issue | undefined): string {
  if (issue === undefined) return "something else";
  if (issue.code === "invalid_type") return articled(issue.expected);
  if (issue.code === "custom") return (issue.params as LeafFacts).wanted ?? issue.message;
  if (issue.code === "invalid_union")
    return [...new Set(issue.errors.map((branch) => wantedOf(branch.find(isMismatch))))].join(" or ");
  return issue.message;
}

/** The first hint that an alternative gives. */
function hintOf(issue: Issue): string {
  if (issue.code === "custom") return (issue.params as LeafFacts | undefined)?.hint ?? "";
  if (issue.code !== "invalid_union") return "";
  for (const branch of issue.errors) {
    const hint = branch.map(hintOf).find((h) => h !== "");
    if (hint !== undefined) return hint;
  }
  return "";
}

function tellMismatch(report: Reporter, path: Path, wanted: string, hint = ""): void {
  const last = path[path.length - 1];
  if (last !== undefined && !report.has(path)) {
    report.error(path.slice(0, -1), `add the key ${JSON.stringify(String(last))}: found none, wanted ${wanted}`, hint);
    return;
  }
  report.error(path, `change the value: found ${report.foundAt(path)}, wanted ${wanted}`, hint);
}

function keysOf(schema: unknown): string[] {
  const shape = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def?.shape;
  return shape === undefined ? [] : Object.keys(shape);
}

function articled(type: string): string {
  if (type === "array") return "a list";
  if (type === "object" || type === "record") return "a map";
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
