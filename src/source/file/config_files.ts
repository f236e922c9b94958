import { readdir, readFile } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";

/** Where the text of a config comes from; tests give their own. */
export interface ConfigFiles {
  /** Rejects when the file can't be read. */
  read(path: string): Promise<string>;
  /** Names in a directory, in any order; rejects when it can't be read. */
  list(directory: string): Promise<readonly string[]>;
}

export const diskFiles: ConfigFiles = {
  read: (path) => readFile(path, "utf8"),
  list: (directory) => readdir(directory),
};

/** Remembers all that a config was made of, found or not: when any of it changes, the config may have changed. */
export class WatchedFiles implements ConfigFiles {
  readonly #from: ConfigFiles;
  readonly #files = new Set<string>();
  readonly #directories = new Set<string>();

  constructor(from: ConfigFiles) {
    this.#from = from;
  }

  get files(): string[] {
    return [...this.#files];
  }

  get directories(): string[] {
    return [...this.#directories];
  }

  read(path: string): Promise<string> {
    this.#files.add(path);
    return this.#from.read(path);
  }

  list(directory: string): Promise<readonly string[]> {
    this.#directories.add(directory);
    return this.#from.list(directory);
  }
}

/** A path of a config file: relative ones start at the file's directory. */
export function pathFrom(directory: string, path: string): string {
  return isAbsolute(path) ? normalize(path) : join(directory, path);
}
