import type { ModuleFilterSpec } from "../../config/model.ts";
import type { Filter, FilterExchange, FilterFactory, FilterKind } from "../../filter/types.ts";

/** What a module exports as default to be a filter. */
export interface FilterModule {
  /** The filter of one exchange, or nothing for one that it has nothing to do with. `config`: as the route has it. */
  open(x: FilterExchange, config: unknown): Filter | null | undefined;
}

/** Why a module is no filter; to be told to whoever wrote it. */
export const NO_OPEN = "export a filter as default: found no object with open(x, config)";

/** The filter of a module; null: there is none. */
export function filterModule(namespace: object): FilterModule | null {
  const main = (namespace as { default?: unknown }).default;
  for (const candidate of [main, namespace])
    if (typeof candidate === "object" && candidate !== null && typeof (candidate as { open?: unknown }).open === "function")
      return candidate as FilterModule;
  return null;
}

/** Filters of the user's own, in this process. `modules`: those that the config names, loaded, by their paths. */
export function moduleKind(modules: ReadonlyMap<string, object>): FilterKind<ModuleFilterSpec> {
  return {
    provision: (spec) => moduleFactory(filterModule(modules.get(spec.module.path)!)!, spec),
  };
}

function moduleFactory(module: FilterModule, spec: ModuleFilterSpec): FilterFactory {
  const config: unknown = spec.config === "" ? undefined : JSON.parse(spec.config);
  return {
    open: (x) => {
      try {
        return module.open(x, config) ?? null;
      } catch (e) {
        return new Thrown(e);
      }
    },
  };
}

/** A filter that could not be made costs its exchange, as one that throws does. */
class Thrown implements Filter {
  readonly #cause: unknown;

  constructor(cause: unknown) {
    this.#cause = cause;
  }

  onRequest(): never {
    throw this.#cause;
  }
}
