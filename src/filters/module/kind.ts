import type { ModuleFilterSpec } from "../../config/model.ts";
import type { Filter, FilterEnv, FilterExchange, FilterFactory, Maybe } from "../../filter/types.ts";

/** What a filter of a module has of Weir. */
export interface ModuleFilterEnv extends FilterEnv {
  /** `fetch` through a cluster of the config: `env.fetch("cluster://NAME/path", init)`. Rejects with an error that says why there is no reply. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** A line in Weir's log. */
  log(level: "debug" | "info" | "warning" | "error", message: string, facts?: Readonly<Record<string, unknown>>): void;
}

/** What a module exports as default to be a filter: one of the two. */
export interface FilterModule {
  /** The filter of one exchange, or nothing for one that it has nothing to do with. `config`: as the route has it. */
  open?(x: FilterExchange, config: unknown): Filter | null | undefined;
  /** Called once for each route and config, before these are in force: a throw or a rejection refuses the config. */
  provision?(config: unknown, env: ModuleFilterEnv): Maybe<FilterFactory>;
}

/** Why a module is no filter; to be told to whoever wrote it. */
export const NO_OPEN = "export a filter as default: found no object with open(x, config) or provision(config, env)";

/** The filter of a module; null: there is none. */
export function filterModule(namespace: object): FilterModule | null {
  const main = (namespace as { default?: unknown }).default;
  for (const candidate of [main, namespace]) {
    if (typeof candidate !== "object" || candidate === null) continue;
    const { open, provision } = candidate as { open?: unknown; provision?: unknown };
    if (typeof open === "function" || typeof provision === "function") return candidate as FilterModule;
  }
  return null;
}

/** A filter of the user's own, in this process. `namespace`: its module, which is one of a filter. */
export async function provisionModule(spec: ModuleFilterSpec, namespace: object, env: ModuleFilterEnv): Promise<FilterFactory> {
  const module = filterModule(namespace)!;
  const config: unknown = spec.config === "" ? undefined : JSON.parse(spec.config);
  if (module.provision === undefined) return guarded({ open: (x) => module.open!(x, config) ?? null });
  const made = await module.provision(config, env);
  if (typeof made?.open !== "function") throw new TypeError("return an object with open(x) from provision");
  return guarded(made);
}

/** A filter that could not be made costs its exchange, as one that throws does. */
function guarded(factory: FilterFactory): FilterFactory {
  return {
    open: (x) => {
      try {
        return factory.open(x) ?? null;
      } catch (e) {
        return new Thrown(e);
      }
    },
    close: () => factory.close?.(),
  };
}

class Thrown implements Filter {
  readonly #cause: unknown;

  constructor(cause: unknown) {
    this.#cause = cause;
  }

  onRequest(): never {
    throw this.#cause;
  }
}
