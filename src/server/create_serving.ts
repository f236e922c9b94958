import { workerMetrics } from "../export/worker_metrics.ts";
import type { Platform } from "../platform/types.ts";
import type { SharedPlugins } from "../plugin/shared/shared_plugins.ts";
import type { EventLog } from "../telemetry/event_log.ts";
import { Numbers } from "../telemetry/numbers.ts";
import { TlsMetrics } from "../telemetry/tls_metrics.ts";
import { diskSecrets } from "../tls/store/secret_files.ts";
import { TlsSecrets } from "../tls/store/tls_secrets.ts";
import type { OpenEndpoints } from "../upstream/discovery/endpoint_source.ts";
import { HealthBoard, type HealthRecord } from "../upstream/health/health_board.ts";
import { HealthPlace } from "../upstream/health/health_place.ts";
import { CountsMemory } from "./counts/counts_memory.ts";
import type { LoadModule } from "./modules/module_table.ts";
import type { WeirNumbers } from "./numbers/weir_numbers.ts";
import { createSharedPlugins } from "./plugins/create_shared_plugins.ts";
import { Supervisor } from "./processes/supervisor.ts";
import { Server } from "./server.ts";
import type { Serving } from "./serving.ts";
import type { HeldSockets } from "./sockets/held_socket.ts";
import { OwnSockets } from "./sockets/own_sockets.ts";

export interface ServingEnv {
  readonly platform: Platform;
  readonly log: EventLog;
  readonly build: { readonly version: string; readonly commit: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The arguments of this process. */
  readonly args: readonly string[];
  readonly held: HeldSockets;
  readonly numbers: WeirNumbers;
  /** Number of the config that a predecessor had in force; 0: there was none. */
  readonly generation: number;
  readonly workers: number | "auto";
  /** The first config names modules: these run in workers, which can be replaced. */
  readonly modules: boolean;
  readonly loadModule: LoadModule;
  /** What modules in workers may import by name; see `Processes.selfCommand`. */
  readonly packages: ReadonlyMap<string, string>;
  /** What a predecessor knew of hosts' health. */
  readonly healthRecords: readonly HealthRecord[];
  readonly openEndpoints: OpenEndpoints;
}

/** Settings of a runtime that would change what workers are. */
const RUNTIME_VARIABLE = /^(BUN_|DENO_|NODE_OPTIONS$)/;

/** What serves: this process itself when one worker is asked for or can be had, else a supervisor with its workers. */
export function createServing({
  platform,
  log,
  build,
  env,
  args,
  held,
  numbers,
  generation,
  workers: asked,
  modules,
  loadModule,
  packages,
  healthRecords,
  openEndpoints,
}: ServingEnv): Serving {
  const sockets = new OwnSockets(platform, held);
  const board = new HealthBoard(healthRecords);
  const health = new HealthPlace(board, true);
  const { linux, processes } = platform;
  const workers = asked === "auto" ? (processes?.cpuCount() ?? 1) : asked;
  const alone = { platform, log, build, sockets, numbers: numbers.ofServer, generation, health, openEndpoints, env };
  if (workers === 1 && !modules) return new Server(alone);
  if (linux === null || processes === null) {
    if (workers > 1) log.log("warning", "this system has no workers: one process serves", { workers });
    if (modules)
      log.log("warning", "this system has no workers: a module that hangs holds up all, and a changed one takes a restart");
    return new Server({ ...alone, loadModule });
  }
  let shared: SharedPlugins | null = null;
  return new Supervisor({
    worker: {
      platform,
      linux,
      processes,
      counts: new CountsMemory(linux, workers),
      command: processes.selfCommand(args, "running", packages),
      env: childEnv(env),
    },
    workers,
    log,
    held,
    numbers,
    generation,
    board,
    front: (view, places, secretFiles) =>
      new Server({
        ...alone,
        view,
        numbers: numbers.ofFront,
        processes: workerMetrics(places),
        secretFiles,
        // A plugin has one store for the whole weir, though the front server may have a process of its own of it.
        pluginStore: (plugin) => ({ ask: (call, done) => shared?.store(plugin).ask(call, done), close: () => {} }),
        // The supervisor's own tell of the same files.
        tlsMetrics: new TlsMetrics(new Numbers()),
      }),
    plugins: (changed) => {
      const place = { platform, linux, processes, log, env, version: build.version, workers, changed };
      shared = createSharedPlugins({ ...place, numbers: numbers.metrics.numbers });
      return shared;
    },
    secrets: (changed) => new TlsSecrets({ platform, log, metrics: numbers.metrics.tls, files: diskSecrets, changed }),
  });
}

/** The environment of a child of this program. */
export function childEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && !RUNTIME_VARIABLE.test(name)) kept[name] = value;
  return kept;
}
