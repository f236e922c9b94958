import type { ModuleContext, ModuleEnv } from "./module_env.ts";

/** What answers requests in a module: its default export, or an export named `fetch`. */
export type ModuleFetch = (request: Request, env: ModuleEnv, context: ModuleContext) => Response | Promise<Response>;

/** Why a module is no handler; to be told to whoever wrote it. */
export const NO_FETCH =
  "export an application as default: found neither a function, nor an object with fetch(request, env), nor an export named fetch";

/** The `fetch` of a module: an application such as Hono's, an object with `fetch`, or a function. null: there is none. */
export function moduleFetch(namespace: object): ModuleFetch | null {
  const main = (namespace as { default?: unknown }).default;
  for (const candidate of [main, namespace]) {
    if (typeof candidate !== "object" && typeof candidate !== "function") continue;
    const fetch = (candidate as { fetch?: unknown } | null)?.fetch;
    if (typeof fetch === "function") return fetch.bind(candidate) as ModuleFetch;
  }
  return typeof main === "function" ? (main as ModuleFetch) : null;
}
