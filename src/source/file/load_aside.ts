import { stat } from "node:fs/promises";
import { parentPort, Worker } from "node:worker_threads";
import { type Environment, type LoadedConfig, loadConfig } from "./load_config.ts";
import { LoadMemory } from "./load_memory.ts";

interface Order {
  readonly path: string;
  readonly env: Environment;
  /** Only to be ready for the next one. */
  readonly quiet: boolean;
}

/**
 * Bytes of config files from which reading them would hold up requests for longer than a few tens of milliseconds: positions and checks
 * cost about 2 µs a byte. From here on it is done on a thread of its own.
 */
const ASIDE_BYTES = 64 * 1024;

/**
 * Loads on the calling thread what is small, and on another one what is large. That thread stays while the config is large: its code is
 * then warm, and it remembers the routes of the load before. A thread that fails costs nothing but the time: the config is then loaded here.
 */
export class AsideLoader {
  readonly #script: URL;
  #worker: Worker | null = null;

  /** `script`: a module that calls `serveLoads` when it is not on the main thread. */
  constructor(script: URL) {
    this.#script = script;
  }

  /** One at a time; never rejects. `before`: the files of the load before. */
  async load(path: string, env: Environment, before: readonly string[]): Promise<LoadedConfig> {
    if ((await sizeOf([path, ...before])) < ASIDE_BYTES) {
      this.close();
      return await loadConfig(path, env);
    }
    return (await this.#ask({ path, env: { ...env }, quiet: false })) ?? (await loadConfig(path, env));
  }

  /** Starts the thread ahead of the first reload of a large config, and has it read the one that is in force. */
  async prepare(path: string, env: Environment, before: readonly string[]): Promise<void> {
    if ((await sizeOf([path, ...before])) >= ASIDE_BYTES) this.#thread().postMessage({ path, env: { ...env }, quiet: true });
  }

  close(): void {
    void this.#worker?.terminate();
    this.#worker = null;
  }

  #ask(order: Order): Promise<LoadedConfig | null> {
    return new Promise((resolve) => {
      const worker = this.#thread();
      const done = (loaded: LoadedConfig | null): void => {
        worker.off("message", done);
        worker.off("exit", failed);
        resolve(loaded);
      };
      const failed = (): void => done(null);
      worker.on("message", done);
      worker.on("exit", failed);
      worker.postMessage(order);
    });
  }

  #thread(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(this.#script);
    this.#worker = worker;
    const gone = (): void => {
      if (this.#worker === worker) this.#worker = null;
    };
    // An error ends the thread: `exit` follows.
    worker.on("error", gone);
    worker.on("exit", gone);
    worker.unref();
    return worker;
  }
}

/** The other thread's part: loads what it is told to, until it is ended. */
export function serveLoads(): void {
  const memory = new LoadMemory();
  let last: Promise<void> = Promise.resolve();
  parentPort!.on("message", (order: Order) => {
    // One after the other: they share the memory.
    last = last.then(async () => {
      const loaded = await loadConfig(order.path, order.env, memory);
      if (!order.quiet) parentPort!.postMessage(loaded);
    });
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
