import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the control socket of the weir of that name is, unless its config says otherwise. */
export function controlPath(name: string, env: Readonly<Record<string, string | undefined>>): string {
  const uid = process.getuid?.() ?? 0;
  if (env["XDG_RUNTIME_DIR"]) return join(env["XDG_RUNTIME_DIR"], "weir", `${name}.sock`);
  // A user without a runtime directory has a private one below the system's for temporary files.
  return uid === 0 ? `/run/weir/${name}.sock` : join(tmpdir(), `weir-${uid}`, `${name}.sock`);
}
