import type { Model } from "./model.ts";

export interface Whereabouts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** User id of this process; null where users have none. */
  readonly uid: number | null;
}

/**
 * Path of the control socket: the config's own, or `$XDG_RUNTIME_DIR/weir/NAME.sock`, for root `/run/weir/NAME.sock`. Without a runtime
 * directory it is `/tmp/weir-UID/NAME.sock`, a directory that its maker must find or make as its own, with mode 0700.
 */
export function controlPath(model: Pick<Model, "name" | "control">, at: Whereabouts): string {
  if (model.control !== null) return model.control;
  return `${controlDirectory(at)}/${model.name}.sock`;
}

function controlDirectory({ env, uid }: Whereabouts): string {
  if (uid === 0) return "/run/weir";
  const runtime = env["XDG_RUNTIME_DIR"];
  if (runtime?.startsWith("/")) return `${runtime.replace(/\/+$/, "")}/weir`;
  return `/tmp/weir-${uid ?? 0}`;
}
