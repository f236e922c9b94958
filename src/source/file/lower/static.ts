import type { StaticSpec } from "../../../config/model.ts";
import type { Reporter } from "../problem_list.ts";
import type { StaticConfig } from "../schema/static.ts";
import type { Lowering } from "./lowering.ts";

export function lowerStatic(c: StaticConfig, to: Lowering, report: Reporter): StaticSpec {
  const root = to.path(c.root);
  to.folders.add(report, ["static", "root"], root);
  if (c.fallback !== undefined && c.notFound !== undefined)
    report.errorAtKey(["static", "notFound"], 'keep one of "fallback" and "notFound": one file answers where there is none');
  return {
    kind: "static",
    root,
    index: c.index,
    browse: c.browse,
    precompressed: [...new Set(c.precompressed)],
    symlinks: c.symlinks,
    hidden: c.hidden,
    missing: lowerMissing(c),
    types: lowerTypes(c, report),
  };
}

function lowerMissing({ fallback, notFound }: StaticConfig): StaticSpec["missing"] {
  if (fallback !== undefined) return { names: fallback, status: 200 };
  return notFound === undefined ? null : { names: notFound, status: 404 };
}

function lowerTypes({ types }: StaticConfig, report: Reporter): Map<string, string> {
  const out = new Map<string, string>();
  for (const [extension, type] of Object.entries(types)) {
    const lower = extension.replace(/^\./, "").toLowerCase();
    if (lower === "" || lower.includes("."))
      report.errorAtKey(
        ["static", "types", extension],
        `write an extension such as "geojson": found ${JSON.stringify(extension)}`,
      );
    else out.set(lower, type);
  }
  return out;
}
