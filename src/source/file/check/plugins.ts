import type { PluginSpec } from "../../../config/plugin_model.ts";
import type { Reporter } from "../problem_list.ts";
import type { Path } from "../tree.ts";

/** Says what is wrong with the settings of a use; null: nothing. */
export type CheckSettings = (config: unknown) => string | null;

/** What a plugin says of itself. */
export interface DescribedPlugin {
  readonly checkSettings: CheckSettings;
  /** Names of the phases that it wants. */
  readonly phases: readonly string[];
}

/** Starts a plugin with `--describe`, as `weir check` does. Resolves with what is wrong with it, or with what it says. */
export type DescribePlugin = (spec: PluginSpec) => Promise<string | DescribedPlugin>;

interface Place {
  readonly report: Reporter;
  readonly at: Path;
}

/** Plugins and their uses, to be held against what the programs say of themselves when all is lowered. */
export class PluginChecks {
  readonly #plugins = new Map<string, Place & { readonly spec: PluginSpec; uses: number }>();
  readonly #sources: (Place & { readonly name: string })[] = [];
  readonly #uses: (Place & { readonly name: string; readonly config: unknown })[] = [];

  plugin(report: Reporter, spec: PluginSpec): void {
    this.#plugins.set(spec.name, { report, at: [], spec, uses: 0 });
  }

  /** `config` null: the plugin's own. */
  use(report: Reporter, at: Path, name: string, config: unknown): void {
    this.#uses.push({ report, at, name, config });
  }

  /** A cluster whose endpoints it tells. */
  source(report: Reporter, at: Path, name: string): void {
    this.#sources.push({ report, at, name });
  }

  async check(describe: DescribePlugin | null): Promise<void> {
    if (describe === null) return;
    const described = new Map<string, DescribedPlugin>();
    for (const [name, { report, spec }] of this.#plugins) {
      const found = await describe(spec);
      if (typeof found === "string") report.error(["command"], found);
      else described.set(name, found);
    }
    for (const { report, at, name } of this.#sources) {
      const phases = described.get(name)?.phases;
      if (phases === undefined || phases.includes("endpoints")) continue;
      const found = phases.length === 0 ? "none" : phases.join(", ");
      report.error(at, `name a plugin that has the phase endpoints: ${JSON.stringify(name)} has ${found}`);
    }
    for (const { report, at, name, config } of this.#uses) {
      const plugin = this.#plugins.get(name);
      const check = described.get(name)?.checkSettings;
      if (plugin === undefined || check === undefined) continue;
      const wrong = check(config ?? plugin.spec.config);
      if (wrong === null) continue;
      if (config !== null) report.error([...at, "config"], wrong);
      else plugin.report.error(plugin.spec.config === null ? [] : ["config"], wrong);
    }
  }
}
