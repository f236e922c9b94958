/** How a file below a root may be reached. */
export interface FileRules {
  /** Symbolic links may lead out of the root. */
  readonly symlinks: boolean;
}

/** A regular file that is open for reading. */
export interface OpenFile {
  /** Bytes, when it was opened. */
  readonly size: number;
  /** Milliseconds since the epoch, with fractions where the file system keeps them. */
  readonly modifiedMs: number;
  /** Fills `into` from the byte at `at` on, as far as the file goes; the number of bytes, 0 behind its end. Rejects with the system's error. */
  read(into: Uint8Array, at: number): Promise<number>;
  /** Never rejects. Waits for a read that is under way. */
  close(): Promise<void>;
}

/** Why there is no file to be read: none of that name, a folder, or one that must not be read. */
export type NoFile = "absent" | "folder" | "refused";

export interface FolderEntry {
  readonly name: string;
  readonly folder: boolean;
}

/**
 * Files below a folder. `names` are the steps from `root` down, none of them `.`, `..` or empty, and without separators. No call holds the
 * event loop up. What the system says beyond `NoFile` is an error with its `code`, such as `EMFILE`.
 */
export interface FileTree {
  open(root: string, names: readonly string[], rules: FileRules): Promise<OpenFile | NoFile>;
  /** At most `most` of what is in a folder, sorted by name. */
  list(root: string, names: readonly string[], rules: FileRules, most: number): Promise<readonly FolderEntry[] | NoFile>;
}
