import { stackOf } from "../../base/error.ts";
import type { Model, ModuleSpec } from "../../config/model.ts";
import type { Problem } from "../../config/problem.ts";
import type { ModuleKind } from "../../config/runtime_abilities.ts";
import { filterModule, NO_OPEN } from "../../filters/module/kind.ts";
import { moduleFetch, NO_FETCH } from "../../handler/module_handler.ts";

/** Loads a file as a module of this process; another call for the same file gives the same. Rejects with what it threw. */
export type LoadModule = (path: string) => Promise<object>;

interface Loaded {
  readonly digest: string;
  readonly namespace: object;
}

/** A module that a model names, and what for. */
export interface ModuleUse {
  readonly module: ModuleSpec;
  readonly kind: ModuleKind;
}

/** Modules of the config in this process. Each is loaded once: what a runtime has loaded it can neither load anew nor forget. */
export class ModuleTable {
  readonly #load: LoadModule | null;
  readonly #loaded = new Map<string, Loaded>();

  /** `load` null: modules are for other processes. */
  constructor(load: LoadModule | null) {
    this.#load = load;
  }

  /** The modules of a model, loaded, by their paths; or what is wrong with them. */
  async prepare(model: Model): Promise<ReadonlyMap<string, object> | readonly Problem[]> {
    const uses = moduleUses(model);
    if (uses.length === 0) return NO_MODULES;
    const out = new Map<string, object>();
    const problems: Problem[] = [];
    for (const { module, kind } of uses) {
      const found = await this.#find(module);
      const wrong = typeof found === "string" ? found : unfit(found, kind);
      if (wrong !== null) problems.push(problem(module.path, wrong));
      else out.set(module.path, found as object);
    }
    return problems.length > 0 ? problems : out;
  }

  /** One that `prepare` has found good; null: it has not. */
  get(path: string): object | null {
    return this.#loaded.get(path)?.namespace ?? null;
  }

  async #find({ path, digest }: ModuleSpec): Promise<object | string> {
    const known = this.#loaded.get(path);
    if (known !== undefined)
      return known.digest === digest
        ? known.namespace
        : "start weir anew: found the module changed, and this process has loaded it";
    if (this.#load === null) return "start weir anew: modules run in worker processes, and it was started without";
    try {
      const namespace = await this.#load(path);
      this.#loaded.set(path, { digest, namespace });
      return namespace;
    } catch (e) {
      return threw(e);
    }
  }
}

const NO_MODULES: ReadonlyMap<string, object> = new Map();

/** Why a module can't be what it is named for; null: it can. */
export function unfit(namespace: object, kind: ModuleKind): string | null {
  if (kind === "handler") return moduleFetch(namespace) === null ? NO_FETCH : null;
  return filterModule(namespace) === null ? NO_OPEN : null;
}

/** For a module whose import was rejected. */
export function threw(e: unknown): string {
  return `correct the module: loading it failed: ${stackOf(e)}`;
}

/** Every module of a model, once for each kind of use. */
export function moduleUses(model: Model): readonly ModuleUse[] {
  const found = new Map<string, ModuleUse>();
  for (const { virtualHosts } of model.routeTables.values())
    for (const { routes } of virtualHosts)
      for (const { action, filters } of routes) {
        if (action.kind === "module") found.set(`handler ${action.module.path}`, { module: action.module, kind: "handler" });
        for (const f of filters)
          if (f.kind === "module") found.set(`filter ${f.module.path}`, { module: f.module, kind: "filter" });
      }
  return [...found.values()];
}

/** Whether the modules of two models are other ones. */
export function modulesDiffer(a: Model, b: Model): boolean {
  return textOf(a) !== textOf(b);
}

function textOf(m: Model): string {
  return moduleUses(m)
    .map(({ module }) => `${module.path}\n${module.digest}`)
    .sort()
    .join("\n");
}

function problem(path: string, message: string): Problem {
  return { severity: "error", path: "", message: `${path}: ${message}`, hint: "", place: null };
}
