import { constants } from "node:fs";
import { type FileHandle, open, opendir, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import type { FileRules, FileTree, FolderEntry, NoFile, OpenFile } from "./file_types.ts";

/** A fifo or a device must not hold up who opens it; the last step was resolved, so that a link there is one that was put there since. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

class DiskFile implements OpenFile {
  readonly size: number;
  readonly modifiedMs: number;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, size: number, modifiedMs: number) {
    this.#handle = handle;
    this.size = size;
    this.modifiedMs = modifiedMs;
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    let got = 0;
    while (got < into.length) {
      const { bytesRead } = await this.#handle.read(into, got, into.length - got, at + got);
      if (bytesRead === 0) break;
      got += bytesRead;
    }
    return got;
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }
}

/** The files of this host. All work is done on the runtime's threads. */
export const diskFiles: FileTree = {
  async open(root, names, rules) {
    try {
      const path = await reach(root, names, rules);
      if (path === null) return "refused";
      const handle = await open(path, READ);
      try {
        const s = await handle.stat();
        if (s.isFile()) return new DiskFile(handle, s.size, s.mtimeMs);
        await handle.close();
        return s.isDirectory() ? "folder" : "refused";
      } catch (e) {
        await handle.close().catch(() => {});
        throw e;
      }
    } catch (e) {
      return noFile(e);
    }
  },

  async list(root, names, rules, most) {
    try {
      const path = await reach(root, names, rules);
      if (path === null) return "refused";
      const entries: FolderEntry[] = [];
      // It closes itself at the end of the loop.
      for await (const e of await opendir(path)) {
        entries.push({ name: e.name, folder: e.isDirectory() });
        if (entries.length >= most) break;
      }
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (e) {
      return noFile(e);
    }
  },
};

/** The path without links; null: it leads out of the root. The root is resolved each time, for a link there may be swapped by a release. */
async function reach(root: string, names: readonly string[], { symlinks }: FileRules): Promise<string | null> {
  if (symlinks) return await realpath(join(root, ...names));
  const base = await realpath(root);
  const path = await realpath(join(base, ...names));
  return path === base || path.startsWith(base.endsWith(sep) ? base : base + sep) ? path : null;
}

function noFile(e: unknown): NoFile {
  switch ((e as { code?: unknown }).code) {
    case "ENOENT":
    case "ENOTDIR":
    case "ENAMETOOLONG":
    case "EINVAL":
      return "absent";
    case "EISDIR":
      return "folder";
    case "ELOOP":
    case "EACCES":
    case "EPERM":
    case "ENXIO":
      return "refused";
    default:
      throw e;
  }
}
