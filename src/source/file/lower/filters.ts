import type { FilterSpec } from "../../../config/model.ts";
import type { Reporter } from "../problem_list.ts";
import { FILTER_KINDS, type FilterConfig } from "../schema/filter.ts";
import { lowerAdmission } from "./admission.ts";
import { lowerFault } from "./fault.ts";
import type { Lowering } from "./lowering.ts";
import { lowerFilterModule } from "./module.ts";
import { lowerPluginUse } from "./plugin.ts";

/** Filters in their order; what is wrong with one has been told. */
export function lowerFilters(filters: readonly FilterConfig[], to: Lowering, report: Reporter): FilterSpec[] {
  const out: FilterSpec[] = [];
  const seen = new Set<string>();
  for (const [i, c] of filters.entries()) {
    const kinds = Object.keys(c).filter((k) => k !== "config");
    if (c.config !== undefined && c.module === undefined)
      report.errorAtKey(["filters", i, "config"], 'remove "config": it is what a module is given, and found none');
    if (kinds.length !== 1) {
      const found = kinds.length === 0 ? "none" : kinds.join(" and ");
      report.error(["filters", i], `name one kind of filter: found ${found}, wanted one of ${FILTER_KINDS.join(", ")}`);
      continue;
    }
    const kind = kinds[0]!;
    // Faults of several kinds of requests stand beside each other, and so do programs.
    if (seen.has(kind) && kind !== "fault" && kind !== "module" && kind !== "plugin") {
      report.error(
        ["filters", i, kind],
        `remove the filter: found ${kind} twice, and the second would see nothing that is its own`,
      );
      continue;
    }
    seen.add(kind);
    if (c.grpcWeb !== undefined) out.push({ kind: "grpcWeb" });
    if (c.fault !== undefined) out.push(lowerFault(c.fault, ["filters", i, kind], report));
    if (c.module !== undefined) out.push(lowerFilterModule({ module: c.module, config: c.config }, i, to, report));
    if (c.plugin !== undefined) out.push(lowerPluginUse(c.plugin, ["filters", i, kind], to, report));
    if (c.admission !== undefined) out.push(lowerAdmission(c.admission, ["filters", i, kind], report));
  }
  return out;
}
