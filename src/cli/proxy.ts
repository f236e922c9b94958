import { type ProxyWishes, proxyModel } from "../source/file/proxy_model.ts";
import { type CliDeps, EXIT, type ServeOptions } from "./deps.ts";

/** The option that a key of the config was made of. */
const OPTION_OF: Readonly<Record<string, string>> = {
  listeners: "--from",
  clusters: "--to",
  admin: "--admin",
  accessLog: "--access-log",
  control: "--control",
};

/** `weir proxy --from ADDRESS --to ADDRESS`. */
export async function proxy(wishes: ProxyWishes, options: ServeOptions, deps: CliDeps): Promise<number> {
  const { model, problems } = await proxyModel(wishes);
  if (model !== null) return deps.proxy(model, options);
  for (const p of problems) {
    const key = /^[A-Za-z]+/.exec(p.path)?.[0] ?? "";
    const option = p.path.endsWith(".host") ? "--host" : (OPTION_OF[key] ?? "");
    deps.io.err(`error: option '${option}': ${p.message}${p.hint === "" ? "" : ` (${p.hint})`}\n`);
  }
  return EXIT.usage;
}
