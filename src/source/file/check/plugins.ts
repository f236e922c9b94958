import type { PluginSpec } from "../../../config/plugin_model.ts";
import type { Reporter } from "../problem_list.ts";
import type { Path } from "../tree.ts";

/** Says what is wrong with the settings of a use; null: nothing. */
export type CheckSettings = (config: unknown) => string | null;

/** Starts a plugin with `--describe`, as `weir check` does. Resolves with what is wrong with it, or with what checks settings for it. */
export type DescribePlugin = (spec: PluginSpec) => Promise<string | CheckSettings>;

interface Place {
  readonly report: Reporter;
  readonly at: Path;
}

/** Plugins and their uses, to be held against what the programs say of themselves when all is lowered. */
export class PluginChecks {
  readonly #plugins = new Map<string, Place & { readonly spec: PluginSpec; uses: number }>();
  readonly #uses: (Place & { readonly name: string; readonly config: unknown })[] = [];

  plugin(report: Reporter, spec: PluginSpec): void {
    this.#plugins.set(spec.name, { report, at: [], spec, uses: 0 });
  }

  /** `config` null: the plugin's own. */
  use(report: Reporter, at: Path, name: string, config: unknown): void {
    this.#uses.push({ report, at, name, config });
  }

  async check(describe: DescribePlugin | null): Promise<void> {
    if (describe === null) return;
    const checks = new Map<string, CheckSettings>();
    for (const [name, { report, spec }] of this.#plugins) {
      const found = await describe(spec);
      if (typeof found === "string") report.error(["command"], found);
      else checks.set(name, found);
    }
    for (const { report, at, name, config } of this.#uses) {
      const plugin = this.#plugins.get(name);
      const check = checks.get(name);
      if (plugin === undefined || check === undefined) continue;
      const wrong = check(config ?? plugin.spec.config);
      if (wrong === null) continue;
      if (config !== null) report.error([...at, "config"], wrong);
      else plugin.report.error(plugin.spec.config === null ? [] : ["config"], wrong);
    }
  }
}
