import type { MatchSpec, PathMatchSpec, ValueMatchSpec } from "../../../config/model.ts";
import type { Reporter } from "../problem_list.ts";
import type { MatchConfig, ValueMatchConfig } from "../schema/match.ts";
import type { Path } from "../tree.ts";

const PATH_KINDS = { path: "exact", prefix: "prefix", rawPrefix: "rawPrefix", regex: "regex" } as const;
const VALUE_KINDS = ["exact", "prefix", "suffix", "regex", "present", "absent"] as const;

/** `at` leads to the match in the route. */
export function lowerMatch(c: MatchConfig, at: Path, report: Reporter): MatchSpec {
  return {
    path: lowerPath(c, at, report),
    methods: c.method === undefined ? [] : [...new Set(typeof c.method === "string" ? [c.method] : c.method)],
    headers: lowerValues(c.headers, [...at, "headers"], report),
    query: lowerValues(c.query, [...at, "query"], report),
  };
}

function lowerPath(c: MatchConfig, at: Path, report: Reporter): PathMatchSpec | null {
  const ignoreCase = c.ignoreCase ?? false;
  const given = (["path", "prefix", "rawPrefix", "regex"] as const).filter((k) => c[k] !== undefined);
  const [key, second] = given;
  if (second !== undefined) {
    report.errorAtKey(
      [...at, second],
      `keep one of ${given.map((k) => JSON.stringify(k)).join(" and ")}: all keys of a match must hold, and a path is told in one way`,
      "alternatives are items of the list",
    );
  }
  if (key === undefined) {
    if (c.ignoreCase !== undefined) report.errorAtKey([...at, "ignoreCase"], 'remove "ignoreCase": found no path to compare');
    return null;
  }
  return { kind: PATH_KINDS[key], value: c[key] ?? "", ignoreCase };
}

function lowerValues(
  values: Readonly<Record<string, ValueMatchConfig>> | undefined,
  at: Path,
  report: Reporter,
): ValueMatchSpec[] {
  const out: ValueMatchSpec[] = [];
  for (const [name, v] of Object.entries(values ?? {})) {
    if (typeof v === "string") {
      out.push({ name, kind: "exact", value: v, invert: false });
      continue;
    }
    const kinds = VALUE_KINDS.filter((k) => v[k] !== undefined);
    const kind = kinds[0];
    if (kind === undefined || kinds.length > 1) {
      report.error(
        [...at, name],
        `give one of ${VALUE_KINDS.join(", ")}: found ${kinds.length === 0 ? "none" : kinds.join(" and ")}`,
      );
      continue;
    }
    const invert = v.invert ?? false;
    const value = v[kind];
    if (typeof value === "string") out.push({ name, kind, value, invert });
    else out.push({ name, kind: (kind === "present") === value ? "present" : "absent", value: "", invert });
  }
  return out;
}
