import { copyFileSync, existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { startOnBothCores, startOnProxyCore } from "../measure/child.ts";
import type { Peer, Stage } from "./peer.ts";

const ROOT = resolve(import.meta.dir, "../../..");
const EXECUTABLE = join(ROOT, "dist/weir");

type Home = "bun" | "deno" | "dist";

interface Variant {
  readonly home: Home;
  readonly name: string;
  /** Makes the config; returns its path. */
  readonly write: (stage: Stage) => string;
  /** Directory for CPU profiles, a directory for each name; null: none are taken. */
  readonly profiles: string | null;
  /** 1 when absent. */
  readonly workers?: number;
  /** Checkout that it is run from; absent: this one. */
  readonly root?: string;
}

export const WEIRS: readonly Peer[] = weirs(null);

/** Weir in its three forms; with a directory, under the runtime's own CPU profiler, which costs time of its own. */
export function weirs(profiles: string | null): readonly Peer[] {
  return (["bun", "deno", "dist"] as const).map((home) => weir({ home, name: home, write: copyConfig, profiles }));
}

/** Another checkout's source, with the configs of this one. */
export function weirFrom(root: string, home: "bun" | "deno", name: string): Peer {
  return weir({ home, name, write: copyConfig, profiles: null, root });
}

function weir(v: Variant): Peer {
  return {
    name: v.name,
    relaysDatagrams: true,
    lacks: () => (v.home === "dist" && !existsSync(EXECUTABLE) ? "build dist/weir: ./compile.sh" : null),
    version: () => `weir, ${v.home === "dist" ? "executable" : `source on ${v.home}`}`,
    withWorkers: (name, workers) => weir({ ...v, name: `${v.name} ${name}`, workers }),
    withConfig: (name, write) => weir({ ...v, name: `${v.name} ${name}`, write }),
    start(stage) {
      const workers = v.workers ?? 1;
      const startIt = workers === 1 ? startOnProxyCore : startOnBothCores;
      return startIt(v.name, [...commandOf(v), "run", v.write(stage), "--workers", String(workers)], {
        cwd: stage.directory,
        env: {
          WEIR_RUNTIME: v.home === "deno" ? "deno" : "bun",
          WEIR_BENCH_NAME: v.home,
          WEIR_BENCH_PORT: String(stage.port),
          WEIR_BENCH_ADMIN: String(stage.adminPort),
          WEIR_BENCH_ORIGIN: String(stage.originPort),
          WEIR_BENCH_PROTOCOL: stage.origin === "h2c" ? "h2c" : "auto",
          ...(stage.certificate === null
            ? {}
            : { WEIR_BENCH_CERT: stage.certificate.cert, WEIR_BENCH_KEY: stage.certificate.key }),
          XDG_RUNTIME_DIR: stage.directory,
          ...(v.profiles === null ? {} : { BUN_OPTIONS: `--cpu-prof --cpu-prof-dir=${profilesOf(v.profiles, v.name)}` }),
        },
      });
    },
  };
}

/** Where the profile of the subject of that name is written when it ends. */
export function profilesOf(directory: string, subject: string): string {
  return join(directory, subject.replaceAll(/[ ,]+/g, "-"));
}

/** Deno takes no options by the environment, so its profiler needs the launcher's own command with a flag more. */
function commandOf(v: Variant): string[] {
  if (v.home === "dist") return [EXECUTABLE];
  if (v.home === "bun" || v.profiles === null) return [join(v.root ?? ROOT, "weir")];
  const script = `root=$1; directory=$2; shift 2; . "$root/tools/toolchain.sh"; toolchain_install
    exec "$deno" run --cpu-prof --cpu-prof-dir="$directory" $deno_flags "$root/src/main.ts" "$@"`;
  return ["sh", "-c", script, "weir", ROOT, profilesOf(v.profiles, v.name)];
}

function configOf(stage: Stage): string {
  if (stage.layer !== "http") return `weir_${stage.layer}.yaml`;
  return stage.certificate === null ? "weir.yaml" : "weir_tls.yaml";
}

/** Paths in a config are relative to it, so it is copied to where its log is to go. */
export function copyConfig(stage: Stage): string {
  const file = join(stage.directory, "weir.yaml");
  copyFileSync(join(import.meta.dir, "..", configOf(stage)), file);
  return file;
}
