import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { fieldValue, type Message } from "./message.ts";
import { get, openClient } from "./raw_client.ts";
import type { OriginOptions } from "./raw_origin.ts";
import { type Site, startSite } from "./weir.ts";

/** What tests' own plugin is started by, with the runtime that runs the tests. */
export const PLUGIN_COMMAND: readonly string[] = [process.execPath, resolve(import.meta.dirname, "plugin_main.mjs")];
/** A runtime takes a while to start beside others that do. */
const SLOW = { startTimeout: "20s", timeout: "5s" };

export interface PluginSiteOptions {
  readonly plugin?: Readonly<Record<string, unknown>>;
  readonly use?: Readonly<Record<string, unknown>>;
  /** Where the plugin writes what it is told. */
  readonly dir?: string;
  readonly args?: readonly string[];
  readonly clusters?: Readonly<Record<string, unknown>>;
  /** Keys of the one route. */
  readonly route?: Readonly<Record<string, unknown>>;
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly origin?: OriginOptions;
  readonly top?: Readonly<Record<string, unknown>>;
}

/** Keys of tests' plugin in a config. */
export function pluginConfig(o: PluginSiteOptions): Record<string, unknown> {
  return { command: [...PLUGIN_COMMAND, ...(o.dir === undefined ? [] : [o.dir])], ...SLOW, ...o.plugin };
}

/** A weir with one route, on which tests' plugin (plugin_main.mjs) is `p`. */
export function startPluginSite(o: PluginSiteOptions = {}): Promise<Site> {
  const { args, clusters, cluster, origin } = o;
  return startSite({
    route: { filters: [{ plugin: { use: "p", ...o.use } }], ...o.route },
    top: { plugins: { p: pluginConfig(o) }, ...o.top },
    ...(args === undefined ? {} : { args }),
    ...(clusters === undefined ? {} : { clusters }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(origin === undefined ? {} : { origin }),
  });
}

/** The value of a field as the origin got it with the last request. */
export function sentField(site: Site, name: string): string | undefined {
  const { fields } = site.origin.requests.at(-1)!;
  return fields.some(([n]) => n.toLowerCase() === name) ? fieldValue(fields, name) : undefined;
}

/** A request whose answer the plugin takes from the request itself. */
export function answered(site: Site, path: string, answer: unknown, ...fields: string[]): Promise<Message> {
  return get(site.port, path, "a", "X-Do: json", `X-Answer: ${asciiJson(answer)}`, ...fields);
}

/** What a plugin's request to Weir came to. */
export interface Asked {
  readonly error?: { readonly code: number; readonly message: string };
  readonly [member: string]: unknown;
}

/** Has the plugin ask Weir for something. `frame`: goes with it as a binary frame. */
export async function asked(site: Site, method: string, params: unknown, frame?: string): Promise<Asked> {
  const got = await get(site.port, "/ask", "a", "X-Do: ask", `X-Ask: ${asciiJson({ method, params, frame })}`);
  if (got.status !== 200) throw new Error(`status ${got.status}`);
  return JSON.parse(Buffer.from(got.body, "latin1").toString()) as Asked;
}

/** JSON that a field's value can hold. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export async function send(site: Site, method: string, path: string, body: string, fields = ""): Promise<Message> {
  using client = await openClient(site.port);
  await client.send(`${method} ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`);
  return await client.response(method, 20_000);
}

/** What the plugin has written into one of its files, a JSON value a line. */
export function written<T>(dir: string, name: string): T[] {
  const file = join(dir, name);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((l) => JSON.parse(l) as T);
}
