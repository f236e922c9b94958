import { copyFileSync, existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { startOnProxyCore } from "../measure/child.ts";
import type { Peer, Stage } from "./peer.ts";

const ROOT = resolve(import.meta.dir, "../../..");
const EXECUTABLE = join(ROOT, "dist/weir");

export const WEIR_ON_BUN: Peer = weir("bun");
export const WEIR_ON_DENO: Peer = weir("deno");
export const WEIR_EXECUTABLE: Peer = weir("dist");
export const WEIRS: readonly Peer[] = [WEIR_ON_BUN, WEIR_ON_DENO, WEIR_EXECUTABLE];

/** The same Weir with other routes: `write` makes the config, given the directory that it is to stand in, and returns its path. */
export function weirWith(weirPeer: Peer, name: string, write: (stage: Stage) => string): Peer {
  return weir(weirPeer.name as Home, name, write);
}

type Home = "bun" | "deno" | "dist";

function weir(home: Home, name: string = home, write = writeConfig): Peer {
  return {
    name,
    lacks: () => (home === "dist" && !existsSync(EXECUTABLE) ? "build dist/weir: ./compile.sh" : null),
    version: () => `weir, ${home === "dist" ? "executable" : `source on ${home}`}`,
    start(stage) {
      const command = home === "dist" ? EXECUTABLE : join(ROOT, "weir");
      return startOnProxyCore(name, [command, "run", write(stage)], {
        cwd: stage.directory,
        env: {
          WEIR_RUNTIME: home === "deno" ? "deno" : "bun",
          WEIR_BENCH_NAME: name,
          WEIR_BENCH_PORT: String(stage.port),
          WEIR_BENCH_ADMIN: String(stage.adminPort),
          WEIR_BENCH_ORIGIN: String(stage.originPort),
          XDG_RUNTIME_DIR: stage.directory,
        },
      });
    },
  };
}

/** Paths in a config are relative to it, so it is copied to where its log is to go. */
function writeConfig(stage: Stage): string {
  const file = join(stage.directory, "weir.yaml");
  copyFileSync(join(import.meta.dir, "../weir.yaml"), file);
  return file;
}
