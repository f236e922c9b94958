import type { ModuleSpec } from "../../../config/model.ts";
import type { ModuleKind, RuntimeAbilities } from "../../../config/runtime_abilities.ts";
import { readModule } from "../modules/module_files.ts";
import type { Reporter } from "../problem_list.ts";
import type { Path } from "../tree.ts";

interface Use {
  readonly report: Reporter;
  readonly at: Path;
  readonly spec: { path: string; digest: string };
  readonly kind: ModuleKind;
}

/** Loads a module apart, as `weir check` does. Resolves with what is wrong with it; null: nothing. */
export type ProbeModule = (path: string, kind: ModuleKind) => Promise<string | null>;

/** Programs that routes name as modules. Lowering says which there are; they are read, and held against the runtime, when all is lowered. */
export class Modules {
  readonly #uses: Use[] = [];

  /** There are any. */
  get some(): boolean {
    return this.#uses.length > 0;
  }

  /** `at` leads to the path. The digest is filled in by `check`. */
  use(report: Reporter, at: Path, path: string, kind: ModuleKind): ModuleSpec {
    const spec = { path, digest: "" };
    this.#uses.push({ report, at, spec, kind });
    return spec;
  }

  async check(read: (path: string) => Promise<string>, runtime: RuntimeAbilities, probe: ProbeModule | null): Promise<void> {
    const known = new Map<string, Promise<string | null>>();
    for (const { report, at, spec, kind } of this.#uses) {
      if (runtime.modules === "none") {
        report.error(at, `run weir on Bun or Deno: ${runtime.runtime} loads no modules here`);
        continue;
      }
      try {
        const { digest, packages } = await readModule(spec.path, read);
        spec.digest = digest;
        const offered = [...packages].find((p) => /^(?:hono|weir)(?:\/|$)/.test(p));
        if (offered !== undefined && runtime.modules === "files") {
          const message = `build the module and what it imports into one file: found an import of ${JSON.stringify(offered)}, which this weir on ${runtime.runtime} can't offer`;
          report.error(at, message);
          continue;
        }
      } catch (e) {
        const reason = e instanceof Error ? e.message : String(e);
        report.error(at, `make the file readable: reading ${JSON.stringify(spec.path)} failed: ${reason}`);
        continue;
      }
      if (probe === null) continue;
      const key = `${kind} ${spec.path}`;
      const found = known.get(key) ?? probe(spec.path, kind);
      known.set(key, found);
      const wrong = await found;
      if (wrong !== null) report.error(at, wrong);
    }
  }
}
