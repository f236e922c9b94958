import type { ModuleFilterSpec, ModuleHandlerSpec } from "../../../config/model.ts";
import type { Reporter } from "../problem_list.ts";
import type { ModuleConfig } from "../schema/module.ts";
import type { Lowering } from "./lowering.ts";

export function lowerHandler(c: ModuleConfig, to: Lowering, report: Reporter): ModuleHandlerSpec {
  const module = to.modules.use(report, ["handler", "module"], to.path(c.module), "handler");
  return { kind: "module", module, config: moduleConfig(c) };
}

/** The filter at `filters[i]`. */
export function lowerFilterModule(c: ModuleConfig, i: number, to: Lowering, report: Reporter): ModuleFilterSpec {
  return {
    kind: "module",
    module: to.modules.use(report, ["filters", i, "module"], to.path(c.module), "filter"),
    config: moduleConfig(c),
  };
}

function moduleConfig({ config }: ModuleConfig): string {
  return config === undefined ? "" : JSON.stringify(config);
}
