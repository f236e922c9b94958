import type { Model } from "../../config/model.ts";
import type { Problem } from "../../config/problem.ts";
import type { ConfigFiles } from "./config_files.ts";
import { parseConfig } from "./load_config.ts";

/** What `weir proxy` is told by its options. */
export interface ProxyWishes {
  /** Addresses to listen on. */
  readonly from: readonly string[];
  /** Endpoints that share the requests. */
  readonly to: readonly string[];
  /** null: no admin address. */
  readonly admin: string | null;
  /** `stdout`, `stderr` or a path; null: none. */
  readonly accessLog: string | null;
  /** Path of the control socket; null: the default place. */
  readonly control: string | null;
  /** `pass`, `endpoint` or a host to send on. */
  readonly host: string;
}

/** The model of a reverse proxy without a file. It goes the way of files, so that an option means what the key means. */
export async function proxyModel(wishes: ProxyWishes): Promise<{ model: Model | null; problems: readonly Problem[] }> {
  const listeners = Object.fromEntries(
    wishes.from.map((address, i) => [i === 0 ? "proxy" : `proxy-${i + 1}`, { address: literal(address) }]),
  );
  const config = {
    admin: wishes.admin === null ? false : { address: literal(wishes.admin) },
    listeners,
    routes: [{ name: "proxy", to: "upstream" }],
    clusters: { upstream: { endpoints: wishes.to.map(literal), host: literal(wishes.host) } },
    ...(wishes.control === null ? {} : { control: literal(wishes.control) }),
    ...(wishes.accessLog === null ? {} : { accessLog: { to: literal(wishes.accessLog) } }),
  };
  const { model, problems } = await parseConfig(JSON.stringify(config), "options.json", {}, NO_FILES);
  return { model, problems };
}

/** The shell has filled in what there was to fill in. */
function literal(s: string): string {
  return s.replaceAll("${", () => "$${");
}

const NO_FILES: ConfigFiles = {
  read: (path) => Promise.reject(new Error(`${path}: options name no files`)),
  list: () => Promise.resolve([]),
};
