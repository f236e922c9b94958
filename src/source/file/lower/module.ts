import type { ModuleHandlerSpec } from "../../../config/model.ts";
import type { Reporter } from "../problem_list.ts";
import type { ModuleConfig } from "../schema/module.ts";
import type { Lowering } from "./lowering.ts";

export function lowerHandler(c: ModuleConfig, to: Lowering, report: Reporter): ModuleHandlerSpec {
  const module = to.modules.use(report, ["handler", "module"], to.path(c.module), "handler");
  return { kind: "module", module, config: moduleConfig(c) };
}

export function moduleConfig({ config }: ModuleConfig): string {
  return config === undefined ? "" : JSON.stringify(config);
}
