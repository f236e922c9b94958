const WEIR_FILTER = "weir/filter";
/** Where it lies from here. */
const API = "../../filter/module_api.ts";

/**
 * What modules of the config may import by name: Hono, in the version that Weir has itself, and what filters need of Weir. Literal imports,
 * so that an executable has them inside. Left out is what is for other hosts, and what makes pages beforehand.
 */
const OFFERED: ReadonlyMap<string, () => Promise<object>> = new Map<string, () => Promise<object>>([
  [WEIR_FILTER, () => import("../../filter/module_api.ts")],
  ["hono", () => import("hono")],
  ["hono/accepts", () => import("hono/accepts")],
  ["hono/adapter", () => import("hono/adapter")],
  ["hono/basic-auth", () => import("hono/basic-auth")],
  ["hono/bearer-auth", () => import("hono/bearer-auth")],
  ["hono/body-limit", () => import("hono/body-limit")],
  ["hono/client", () => import("hono/client")],
  ["hono/combine", () => import("hono/combine")],
  ["hono/compress", () => import("hono/compress")],
  ["hono/context-storage", () => import("hono/context-storage")],
  ["hono/cookie", () => import("hono/cookie")],
  ["hono/cors", () => import("hono/cors")],
  ["hono/css", () => import("hono/css")],
  ["hono/csrf", () => import("hono/csrf")],
  ["hono/dev", () => import("hono/dev")],
  ["hono/etag", () => import("hono/etag")],
  ["hono/factory", () => import("hono/factory")],
  ["hono/html", () => import("hono/html")],
  ["hono/http-exception", () => import("hono/http-exception")],
  ["hono/ip-restriction", () => import("hono/ip-restriction")],
  ["hono/jsx", () => import("hono/jsx")],
  ["hono/jsx-renderer", () => import("hono/jsx-renderer")],
  ["hono/jsx/jsx-dev-runtime", () => import("hono/jsx/jsx-dev-runtime")],
  ["hono/jsx/jsx-runtime", () => import("hono/jsx/jsx-runtime")],
  ["hono/jsx/streaming", () => import("hono/jsx/streaming")],
  ["hono/jwk", () => import("hono/jwk")],
  ["hono/jwt", () => import("hono/jwt")],
  ["hono/language", () => import("hono/language")],
  ["hono/logger", () => import("hono/logger")],
  ["hono/method-override", () => import("hono/method-override")],
  ["hono/powered-by", () => import("hono/powered-by")],
  ["hono/pretty-json", () => import("hono/pretty-json")],
  ["hono/proxy", () => import("hono/proxy")],
  ["hono/quick", () => import("hono/quick")],
  ["hono/request-id", () => import("hono/request-id")],
  ["hono/route", () => import("hono/route")],
  ["hono/router/linear-router", () => import("hono/router/linear-router")],
  ["hono/router/pattern-router", () => import("hono/router/pattern-router")],
  ["hono/router/reg-exp-router", () => import("hono/router/reg-exp-router")],
  ["hono/router/smart-router", () => import("hono/router/smart-router")],
  ["hono/router/trie-router", () => import("hono/router/trie-router")],
  ["hono/secure-headers", () => import("hono/secure-headers")],
  ["hono/streaming", () => import("hono/streaming")],
  ["hono/testing", () => import("hono/testing")],
  ["hono/timeout", () => import("hono/timeout")],
  ["hono/timing", () => import("hono/timing")],
  ["hono/tiny", () => import("hono/tiny")],
  ["hono/trailing-slash", () => import("hono/trailing-slash")],
  ["hono/utils/cookie", () => import("hono/utils/cookie")],
  ["hono/utils/encode", () => import("hono/utils/encode")],
  ["hono/utils/html", () => import("hono/utils/html")],
  ["hono/utils/jwt", () => import("hono/utils/jwt")],
  ["hono/utils/mime", () => import("hono/utils/mime")],
  ["hono/utils/url", () => import("hono/utils/url")],
  ["hono/validator", () => import("hono/validator")],
]);

/** All of them, loaded: they have to be before they are offered, for from then on their names lead here. */
export async function loadOffered(): Promise<ReadonlyMap<string, object>> {
  const loaded = [...OFFERED].map(async ([name, load]) => [name, await load()] as const);
  return new Map(await Promise.all(loaded));
}

/** Whether they are files on disk, and not inside the program. */
export function isOfferedHere(): boolean {
  return resolved("hono") !== null;
}

function resolved(name: string): string | null {
  try {
    const url = import.meta.resolve(name);
    return url.startsWith("file:") ? url : null;
  } catch {
    return null;
  }
}

/** Where their files lie; empty: not on disk. */
export function offeredAddresses(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const name of OFFERED.keys()) {
    const url = name === WEIR_FILTER ? new URL(API, import.meta.url).href : resolved(name);
    if (url === null) return new Map();
    found.set(name, url);
  }
  return found;
}
