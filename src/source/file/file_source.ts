import { realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { ConfigSink, ConfigSource, Receipt } from "../../config/source.ts";
import type { Closer, Platform, Timer } from "../../platform/types.ts";
import { contentsNow } from "./config_files.ts";
import { AsideLoader } from "./load_aside.ts";
import { type Environment, type LoadedConfig, loadConfig } from "./load_config.ts";

/** Several events of one change (a rename, a symlink swap, an editor's backup) become one look. */
const SETTLE_MS = 100;
/** File systems without events (some network and overlay ones) are looked at this often. */
const POLL_MS = 5_000;
/** Without a load for so long, the thread of a large config is replaced: what loads left on its heap, hundreds of MiB after a few, goes with it. */
const RENEW_MS = 60_000;

/**
 * A config file with all that it includes. It is read again when any of these files changes on disk: the directories are watched, for a
 * file's own watch is lost when it is renamed over, or when Kubernetes swaps the symlink of a mounted directory; and what was read is
 * compared by content, so that noise costs nothing.
 */
export class FileSource implements ConfigSource {
  readonly name: string;
  readonly #platform: Platform;
  readonly #path: string;
  readonly #env: Environment;
  #sink: ConfigSink | null = null;
  #watched: Map<string, Closer> = new Map();
  #files: readonly string[] = [];
  #directories: readonly string[] = [];
  #contents = "";
  #settle: Timer | null = null;
  #poll: Timer | null = null;
  #renew: Timer | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** While requests wait, a large config is loaded aside. */
  readonly #aside: AsideLoader;
  #first: LoadedConfig | null;

  /** `first`: the config as it was read just now, null when it was not; `script`: see `AsideLoader`. */
  constructor(platform: Platform, path: string, env: Environment, first: LoadedConfig | null, script: URL) {
    this.#aside = new AsideLoader(script);
    this.#first = first;
    this.#platform = platform;
    this.#path = path;
    this.#env = env;
    this.name = path;
  }

  async run(sink: ConfigSink, signal: AbortSignal): Promise<void> {
    this.#sink = sink;
    await this.#serial(() => this.#start());
    if (signal.aborted) return;
    await new Promise<void>((ended) => {
      signal.addEventListener("abort", () => ended(), { once: true });
      this.#pollLater();
    });
    this.#close();
  }

  reload(): Promise<Receipt> {
    return this.#serial(() => this.#load());
  }

  async #load(): Promise<Receipt> {
    const loaded = await this.#aside.load(this.#path, this.#env, this.#files);
    await this.#watch(loaded);
    this.#renewLater();
    return await this.#offer(loaded);
  }

  #renewLater(): void {
    this.#renew?.cancel();
    if (this.#closed) return;
    this.#renew = this.#platform.setTimer(RENEW_MS, () => {
      void this.#serial(async () => {
        this.#aside.close();
        if (!this.#closed) await this.#aside.prepare(this.#path, this.#env, this.#files);
      });
    });
  }

  async #start(): Promise<void> {
    const loaded = this.#first ?? (await loadConfig(this.#path, this.#env));
    this.#first = null;
    await this.#watch(loaded);
    await this.#offer(loaded);
    if (!this.#closed) await this.#aside.prepare(this.#path, this.#env, this.#files);
  }

  async #offer({ model, problems }: LoadedConfig): Promise<Receipt> {
    const sink = this.#sink!;
    return model === null ? sink.refuse(problems) : await sink.offer(model, problems);
  }

  #serial<T>(f: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(f);
    this.#queue = run.catch(() => undefined);
    return run;
  }

  /** Watches the directories of all files, those that symlinks on the way point to included. */
  async #watch(loaded: LoadedConfig): Promise<void> {
    this.#files = loaded.files;
    this.#directories = loaded.directories;
    this.#contents = loaded.contents;
    const wanted = new Set<string>(loaded.directories.map((d) => resolve(d)));
    for (const file of loaded.files) {
      wanted.add(dirname(resolve(file)));
      const real = await realpath(file).catch(() => null);
      if (real !== null) wanted.add(dirname(real));
    }
    if (this.#closed) return;
    for (const [dir, closer] of this.#watched) {
      if (wanted.has(dir)) continue;
      closer.close();
      this.#watched.delete(dir);
    }
    for (const dir of wanted) {
      if (this.#watched.has(dir)) continue;
      try {
        this.#watched.set(
          dir,
          this.#platform.watch(dir, () => this.#touched()),
        );
      } catch {
        // A directory that can't be watched is polled.
      }
    }
  }

  #touched(): void {
    if (this.#closed || this.#settle !== null) return;
    this.#settle = this.#platform.setTimer(SETTLE_MS, () => {
      this.#settle = null;
      void this.#look();
    });
  }

  #pollLater(): void {
    if (this.#closed) return;
    this.#poll = this.#platform.setTimer(POLL_MS, () => {
      void this.#look().finally(() => this.#pollLater());
    });
  }

  #look(): Promise<void> {
    return this.#serial(async () => {
      if (this.#closed || (await contentsNow(this.#files, this.#directories)) === this.#contents) return;
      await this.#load();
    });
  }

  #close(): void {
    this.#closed = true;
    this.#settle?.cancel();
    this.#poll?.cancel();
    this.#renew?.cancel();
    this.#aside.close();
    for (const w of this.#watched.values()) w.close();
    this.#watched.clear();
  }
}
