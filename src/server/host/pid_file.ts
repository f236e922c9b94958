import { closeSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs";

/** The file that tells a host's scripts the number of the main process. It is replaced whole: no reader finds half of it. */
export class PidFile {
  readonly path: string;
  readonly #pid: number;
  #before: string | null = null;

  constructor(path: string, pid: number) {
    this.path = path;
    this.#pid = pid;
  }

  /** Whatever stands there is replaced. Throws the system's error. */
  write(): void {
    this.#before = read(this.path);
    this.#replace(`${this.#pid}\n`);
  }

  /** This process does not go on after all: the file tells again of the one before. Never throws. */
  restore(): void {
    if (!this.#isOwn()) return;
    if (this.#before === null) remove(this.path);
    else
      try {
        this.#replace(this.#before);
      } catch {
        // The rights are gone by which it was written.
      }
  }

  /** Removes it, unless it tells of another process by now. Never throws. */
  remove(): void {
    if (this.#isOwn()) remove(this.path);
  }

  #isOwn(): boolean {
    return read(this.path)?.trim() === String(this.#pid);
  }

  #replace(text: string): void {
    const aside = `${this.path}.${this.#pid}`;
    try {
      const fd = openSync(aside, "w", 0o644);
      try {
        writeSync(fd, text);
        // Else a host that loses its power may find the name and not what it stands for.
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(aside, this.path);
    } catch (e) {
      remove(aside);
      throw e;
    }
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or in a directory that privileges given up could write to.
  }
}
