import { stat } from "node:fs/promises";
import { parentPort, Worker } from "node:worker_threads";
import { type Environment, type LoadedConfig, loadConfig } from "./load_config.ts";

/** Loads a config; never rejects. */
export type Load = (path: string, env: Environment) => Promise<LoadedConfig>;

interface Order {
  readonly path: string;
  readonly env: Environment;
}

/**
 * Bytes of config files from which reading them would hold up requests for longer than a few tens of milliseconds: positions and checks
 * cost about 2 µs a byte. From here on it is done on a thread of its own, whose start costs some 50 ms.
 */
const ASIDE_BYTES = 64 * 1024;

/**
 * Loads on the calling thread what is small, and on another one what is large. `script` is a module that calls `serveLoads` when it is not
 * on the main thread. A thread that fails costs nothing but the time: the config is then loaded here.
 */
export function loadAside(script: URL, filesBefore: () => readonly string[]): Load {
  return async (path, env) => {
    if ((await sizeOf([path, ...filesBefore()])) < ASIDE_BYTES) return await loadConfig(path, env);
    return (await onThread(script, { path, env: { ...env } })) ?? (await loadConfig(path, env));
  };
}

/** The other thread's part: loads what it is told to and ends. */
export function serveLoads(): void {
  parentPort!.once("message", (order: Order) => {
    void loadConfig(order.path, order.env).then((loaded) => parentPort!.postMessage(loaded));
  });
}

function onThread(script: URL, order: Order): Promise<LoadedConfig | null> {
  return new Promise((resolve) => {
    const worker = new Worker(script);
    const done = (loaded: LoadedConfig | null): void => {
      resolve(loaded);
      void worker.terminate();
    };
    worker.once("message", (loaded: LoadedConfig) => done(loaded));
    worker.once("error", () => done(null));
    worker.once("exit", () => resolve(null));
    worker.postMessage(order);
  });
}

async function sizeOf(files: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const file of new Set(files)) {
    const s = await stat(file).catch(() => null);
    if (s !== null) bytes += s.size;
  }
  return bytes;
}
