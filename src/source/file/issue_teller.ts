import type { z } from "zod";
import type { Reporter } from "./problem_list.ts";
import type { LeafFacts } from "./schema/leaf.ts";
import { type Path, pathText } from "./tree.ts";
import { meantKey, tellUnknownKey } from "./unknown_key.ts";

type Issue = z.core.$ZodIssue;

/** Turns what the schema library finds into problems that say what to do. */
export class IssueTeller {
  readonly #report: Reporter;
  /** Keys that the object knows, by the list of those that it does not. */
  readonly #known: WeakMap<readonly string[], readonly string[]>;
  /** Keys that an unknown one was likely meant to be: missing, but told already. */
  readonly #meant = new Set<string>();

  constructor(report: Reporter, known: WeakMap<readonly string[], readonly string[]>) {
    this.#report = report;
    this.#known = known;
  }

  tellAll(issues: readonly Issue[], above: Path): void {
    for (const issue of issues) if (issue.code === "unrecognized_keys") this.#tell(issue, above);
    for (const issue of issues) if (issue.code !== "unrecognized_keys") this.#tell(issue, above);
  }

  #tell(issue: Issue, above: Path): void {
    const path = [...above, ...(issue.path as (string | number)[])];
    switch (issue.code) {
      case "unrecognized_keys":
        for (const key of issue.keys) this.#unknownKey(path, key, this.#known.get(issue.keys) ?? []);
        return;
      case "invalid_union":
        this.#union(issue, path);
        return;
      case "invalid_type":
        this.#mismatch(path, articled(issue.expected));
        return;
      case "invalid_key":
        // A name in a record: its own refusals stand at the key.
        for (const inner of issue.issues) this.#report.errorAtKey(path, inner.message, factsOf(inner).hint);
        return;
      case "too_small":
        this.#report.error(path, `add an item: found an empty list, wanted at least ${issue.minimum}`);
        return;
      case "custom":
        this.#leaf(issue, path);
        return;
      default:
        this.#report.error(path, issue.message);
    }
  }

  #unknownKey(path: Path, key: string, known: readonly string[]): void {
    tellUnknownKey(this.#report, [...path, key], key, known);
    const meant = meantKey(key, known);
    if (meant !== "") this.#meant.add(pathText([...path, meant]));
  }

  #leaf(issue: Issue, path: Path): void {
    const { wanted, hint } = factsOf(issue);
    if (wanted !== undefined) this.#mismatch(path, wanted, hint);
    else this.#report.error(path, issue.message, hint);
  }

  /** Of the alternatives, the one that the value has the shape of is what was meant. */
  #union(issue: z.core.$ZodIssueInvalidUnion, path: Path): void {
    const fitting = issue.errors.filter((branch) => !branch.some(isMismatch));
    if (fitting.length === 0) this.#mismatch(path, wantedOf(issue), hintOf(issue));
    else
      this.tellAll(
        fitting.reduce((a, b) => (b.length < a.length ? b : a)),
        path,
      );
  }

  #mismatch(path: Path, wanted: string, hint = ""): void {
    const last = path[path.length - 1];
    if (last === undefined || this.#report.has(path)) {
      this.#report.error(path, `change the value: found ${this.#report.foundAt(path)}, wanted ${wanted}`, hint);
      return;
    }
    if (this.#meant.has(pathText(path))) return;
    this.#report.error(path.slice(0, -1), `add the key ${JSON.stringify(String(last))}: found none, wanted ${wanted}`, hint);
  }
}

function factsOf(issue: Issue): LeafFacts {
  return issue.code === "custom" ? ((issue.params as LeafFacts | undefined) ?? {}) : {};
}

/** Whether the value is of another kind altogether. */
function isMismatch(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === "invalid_union") return issue.errors.every((branch) => branch.some(isMismatch));
  return issue.code === "invalid_type" || factsOf(issue).wanted !== undefined;
}

function wantedOf(issue: Issue): string {
  if (issue.code === "invalid_type") return articled(issue.expected);
  if (issue.code !== "invalid_union") return factsOf(issue).wanted ?? issue.message;
  const wanted = issue.errors.flatMap((branch) => branch.filter(isMismatch).slice(0, 1).map(wantedOf));
  return [...new Set(wanted)].join(" or ");
}

/** The first hint that an alternative gives. */
function hintOf(issue: Issue): string {
  if (issue.code !== "invalid_union") return factsOf(issue).hint ?? "";
  for (const branch of issue.errors) {
    const hint = branch.map(hintOf).find((h) => h !== "");
    if (hint !== undefined) return hint;
  }
  return "";
}

function articled(type: string): string {
  if (type === "array") return "a list";
  if (type === "object" || type === "record") return "a map";
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
