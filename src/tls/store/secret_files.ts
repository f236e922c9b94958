import { readFile, realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** Where certificates and keys come from; tests give their own. */
export interface SecretFiles {
  /** Rejects when the file can't be read. */
  read(path: string): Promise<string>;
  /** Directories in which a change can mean another content: the file's own, and the one that symlinks on the way lead to. */
  directoriesOf(path: string): Promise<readonly string[]>;
}

export const diskSecrets: SecretFiles = {
  read: (path) => readFile(path, "utf8"),
  directoriesOf: async (path) => {
    const own = dirname(resolve(path));
    const real = await realpath(path).catch(() => null);
    return real === null ? [own] : [own, dirname(real)];
  },
};
