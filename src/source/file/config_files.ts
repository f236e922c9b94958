import { createHash } from "node:crypto";
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

const ABSENT = "absent";

/** Remembers all that a config was made of, found or not: when any of it changes, the config may have changed. */
export class WatchedFiles implements ConfigFiles {
  readonly #from: ConfigFiles;
  /** Path → digest of what was read. */
  readonly #files = new Map<string, string>();
  readonly #directories = new Map<string, string>();
  readonly #apart = new Map<string, string>();

  constructor(from: ConfigFiles) {
    this.#from = from;
  }

  get files(): string[] {
    return [...this.#files.keys()];
  }

  get directories(): string[] {
    return [...this.#directories.keys()];
  }

  /** All that was read, in one digest. */
  get contents(): string {
    return digest(JSON.stringify([[...this.#files], [...this.#directories]]));
  }

  read(path: string): Promise<string> {
    return this.#read(path, this.#files);
  }

  /** Reads a file that the config refers to and is not made of. */
  readApart(path: string): Promise<string> {
    return this.#read(path, this.#apart);
  }

  /** From now on the config counts as made of those too. */
  keepApart(): void {
    for (const [path, content] of this.#apart) if (!this.#files.has(path)) this.#files.set(path, content);
  }

  async #read(path: string, into: Map<string, string>): Promise<string> {
    into.set(path, ABSENT);
    const text = await this.#from.read(path);
    into.set(path, digest(text));
    return text;
  }

  /** Looks into a folder that the config refers to and is not made of. */
  listApart(directory: string): Promise<readonly string[]> {
    return this.#from.list(directory);
  }

  async list(directory: string): Promise<readonly string[]> {
    this.#directories.set(directory, ABSENT);
    const names = await this.#from.list(directory);
    this.#directories.set(directory, digest(JSON.stringify([...names].sort())));
    return names;
  }
}

/** The `contents` of the same files and directories as they are on disk now. */
export async function contentsNow(files: readonly string[], directories: readonly string[]): Promise<string> {
  const now = new WatchedFiles(diskFiles);
  for (const file of files) await now.read(file).catch(() => ABSENT);
  for (const directory of directories) await now.list(directory).catch(() => []);
  return now.contents;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A path of a config file: relative ones start at the file's directory. */
export function pathFrom(directory: string, path: string): string {
  return isAbsolute(path) ? normalize(path) : join(directory, path);
}
