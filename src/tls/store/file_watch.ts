import type { Closer, Platform, Timer } from "../../platform/types.ts";
import type { SecretFiles } from "./secret_files.ts";

/** Several events of one change become one look, when it has been quiet for so long: a file that is being written is not read in the middle. */
const QUIET_MS = 100;
/** A directory in which something always happens is looked at all the same. */
const BUSY_MS = 1000;
/** File systems without events (some network and overlay ones) are looked at this often. */
const POLL_MS = 30_000;

/**
 * Tells when files may have changed. Directories are watched, for a file's own watch is lost when it is renamed over, or when Kubernetes
 * swaps the symlink of a mounted directory.
 */
export class FileWatch {
  readonly #platform: Pick<Platform, "watch" | "setTimer" | "now">;
  readonly #files: SecretFiles;
  readonly #look: (isPoll: boolean) => void;
  readonly #watched = new Map<string, Closer>();
  #quiet: Timer | null = null;
  #firstTouch = 0;
  #poll: Timer | null = null;
  #closed = false;

  constructor(platform: Pick<Platform, "watch" | "setTimer" | "now">, files: SecretFiles, look: (isPoll: boolean) => void) {
    this.#platform = platform;
    this.#files = files;
    this.#look = look;
  }

  /** Watches what these files need, and nothing else any more. Call it again when a symlink may lead elsewhere. */
  async set(paths: readonly string[]): Promise<void> {
    const wanted = new Set<string>();
    for (const path of paths) for (const dir of await this.#files.directoriesOf(path)) wanted.add(dir);
    if (this.#closed) return;
    for (const [dir, closer] of [...this.#watched]) {
      if (wanted.has(dir)) continue;
      closer.close();
      this.#watched.delete(dir);
    }
    const more = [...wanted].filter((dir) => !this.#watched.has(dir));
    for (const dir of more) this.#watch(dir);
    // What changed between the reading and the watching has told nobody.
    if (more.length > 0) this.#touched();
    if (wanted.size === 0) {
      this.#poll?.cancel();
      this.#poll = null;
    } else if (this.#poll === null) this.#pollLater();
  }

  close(): void {
    this.#closed = true;
    this.#quiet?.cancel();
    this.#poll?.cancel();
    for (const w of this.#watched.values()) w.close();
    this.#watched.clear();
  }

  #watch(dir: string): void {
    try {
      this.#watched.set(
        dir,
        this.#platform.watch(dir, () => this.#touched()),
      );
    } catch {
      // A directory that can't be watched is polled.
      this.#watched.set(dir, { close: () => {} });
    }
  }

  #touched(): void {
    if (this.#closed) return;
    const now = this.#platform.now();
    if (this.#quiet === null) this.#firstTouch = now;
    this.#quiet?.cancel();
    const ms = Math.max(0, Math.min(QUIET_MS, this.#firstTouch + BUSY_MS - now));
    this.#quiet = this.#platform.setTimer(ms, () => {
      this.#quiet = null;
      this.#look(false);
    });
  }

  #pollLater(): void {
    this.#poll = this.#platform.setTimer(POLL_MS, () => {
      this.#pollLater();
      this.#look(true);
    });
  }
}
