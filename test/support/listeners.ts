import { freePort } from "./ports.ts";
import { type Site, type SiteOptions, startSite } from "./weir.ts";

/** One weir with any listeners; their addresses are added. */
export interface Listeners extends AsyncDisposable {
  readonly site: Site;
  /** By the listener's name. */
  readonly port: Readonly<Record<string, number>>;
  /** The listeners as the config has them. */
  readonly listeners: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export async function startListeners(
  specs: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  o: SiteOptions = {},
): Promise<Listeners> {
  const port: Record<string, number> = {};
  const listeners: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const [name, spec] of Object.entries(specs)) {
    port[name] = await freePort();
    listeners[name] = { address: `127.0.0.1:${port[name]}`, ...spec };
  }
  const site = await startSite({ ...o, top: { listeners, ...o.top } });
  return { site, port, listeners, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}
