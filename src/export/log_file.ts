import fs from "node:fs";

/** Readable by the group, for a log holds addresses of people. */
const MODE = 0o640;
// Without NONBLOCK, opening a FIFO that nobody reads would hang.
const FLAGS = fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_CREAT | (fs.constants.O_NONBLOCK ?? 0);

/** Where lines go. Calls back on a later turn; at most one call is under way. */
export interface LogFile {
  /** Path or name, for events and labels. */
  readonly name: string;
  /** Opens at once, so that it happens before privileges are dropped; the failure, null when there is none. */
  openNow(): Error | null;
  /** Opens anew; the old file stays in use when that fails. */
  reopen(done: (failure: Error | null) => void): void;
  /** Writes `b[from, to)` or a part of it; opens first where that has failed before. */
  write(b: Uint8Array, from: number, to: number, done: (failure: Error | null, written: number) => void): void;
  close(done: () => void): void;
}

/** A file that is appended to. */
export class AppendFile implements LogFile {
  readonly name: string;
  #fd = -1;

  constructor(path: string) {
    this.name = path;
  }

  openNow(): Error | null {
    try {
      this.#fd = fs.openSync(this.name, FLAGS, MODE);
      return null;
    } catch (cause) {
      return cause as Error;
    }
  }

  reopen(done: (failure: Error | null) => void): void {
    fs.open(this.name, FLAGS, MODE, (failure, fd) => {
      if (failure !== null) {
        done(failure);
        return;
      }
      const old = this.#fd;
      this.#fd = fd;
      if (old < 0) done(null);
      else fs.close(old, () => done(null));
    });
  }

  write(b: Uint8Array, from: number, to: number, done: (failure: Error | null, written: number) => void): void {
    if (this.#fd >= 0) {
      writeTo(this.#fd, b, from, to, done);
      return;
    }
    this.reopen((failure) => {
      if (failure !== null) done(failure, 0);
      else writeTo(this.#fd, b, from, to, done);
    });
  }

  close(done: () => void): void {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd < 0) done();
    else fs.close(fd, () => done());
  }
}

/** stdout or stderr: already open, never reopened, never closed. */
export class StandardStream implements LogFile {
  readonly name: string;
  readonly #fd: number;

  constructor(which: "stdout" | "stderr") {
    this.name = which;
    this.#fd = which === "stdout" ? 1 : 2;
  }

  openNow(): Error | null {
    return null;
  }

  reopen(done: (failure: Error | null) => void): void {
    queueMicrotask(() => done(null));
  }

  write(b: Uint8Array, from: number, to: number, done: (failure: Error | null, written: number) => void): void {
    writeTo(this.#fd, b, from, to, done);
  }

  close(done: () => void): void {
    done();
  }
}

function writeTo(
  fd: number,
  b: Uint8Array,
  from: number,
  to: number,
  done: (failure: Error | null, written: number) => void,
): void {
  fs.write(fd, b, from, to - from, null, (failure, written) => done(failure, failure === null ? written : 0));
}
