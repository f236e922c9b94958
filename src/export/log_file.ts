import fs from "node:fs";

/** Readable by the group, for a log holds addresses of people. */
const MODE = 0o640;
// Without NONBLOCK, opening a FIFO that nobody reads would hang.
const FLAGS = fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_CREAT | (fs.constants.O_NONBLOCK ?? 0);
/** PIPE_BUF of Linux: a pipe takes so many bytes whole or not at all. */
const PIPE_BYTES = 4096;

export type Opened = (failure: Error | null) => void;
export type Written = (failure: Error | null, written: number) => void;

/** Where lines go. Calls back on a later turn; at most one call is under way. */
export interface LogFile {
  /** Path or name, for events and labels. */
  readonly name: string;
  /** Opens at once, so that it happens before privileges are dropped; the failure, null when there is none. */
  openNow(): Error | null;
  /** Opens anew; the old file stays in use when that fails. */
  reopen(done: Opened): void;
  /** Writes `b[from, to)` or a part of it; opens first where that has failed before. A failure may come after a part was written. */
  write(b: Uint8Array, from: number, to: number, done: Written): void;
  close(done: () => void): void;
}

/** A file that is appended to, or a FIFO. */
export class AppendFile implements LogFile {
  readonly name: string;
  #fd = -1;
  #isPipe = false;
  /** Size that the file has when all that was reported as written is all that was. */
  #size = 0;

  constructor(path: string) {
    this.name = path;
  }

  openNow(): Error | null {
    try {
      const fd = fs.openSync(this.name, FLAGS, MODE);
      this.#adopt(fd, fs.fstatSync(fd));
      return null;
    } catch (cause) {
      return cause as Error;
    }
  }

  reopen(done: Opened): void {
    fs.open(this.name, FLAGS, MODE, (failure, fd) => {
      if (failure !== null) {
        done(failure);
        return;
      }
      fs.fstat(fd, (unknown, stats) => {
        const old = this.#fd;
        this.#adopt(fd, unknown === null ? stats : null);
        if (old < 0) done(null);
        else fs.close(old, () => done(null));
      });
    });
  }

  write(b: Uint8Array, from: number, to: number, done: Written): void {
    if (this.#fd >= 0) {
      this.#write(b, from, this.#isPipe ? Math.min(to, from + PIPE_BYTES) : to, done);
      return;
    }
    this.reopen((failure) => {
      if (failure !== null) done(failure, 0);
      else this.write(b, from, to, done);
    });
  }

  close(done: () => void): void {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd < 0) done();
    else fs.close(fd, () => done());
  }

  #adopt(fd: number, stats: fs.Stats | null): void {
    this.#fd = fd;
    this.#isPipe = stats?.isFIFO() ?? false;
    this.#size = stats?.isFile() ? stats.size : Number.NaN;
  }

  #write(b: Uint8Array, from: number, to: number, done: Written): void {
    const fd = this.#fd;
    fs.write(fd, b, from, to - from, null, (failure, written) => {
      if (failure === null) {
        this.#size += written;
        done(null, written);
        return;
      }
      // A runtime may write on after a part and tell only of the failure; writing that part again would double lines.
      fs.fstat(fd, (unknown, stats) => {
        const grown = unknown === null ? stats.size - this.#size : 0;
        if (unknown === null && stats.isFile()) this.#size = stats.size;
        done(failure, grown > 0 && grown <= to - from ? grown : 0);
      });
    });
  }
}

/** stdout or stderr: already open, never reopened, never closed. */
export class StandardStream implements LogFile {
  readonly name: string;
  readonly #fd: number;
  readonly #piece: number;

  constructor(which: "stdout" | "stderr") {
    this.name = which;
    this.#fd = which === "stdout" ? 1 : 2;
    this.#piece = isNonBlocking(this.#fd) ? PIPE_BYTES : Number.POSITIVE_INFINITY;
  }

  openNow(): Error | null {
    return null;
  }

  reopen(done: Opened): void {
    queueMicrotask(() => done(null));
  }

  write(b: Uint8Array, from: number, to: number, done: Written): void {
    fs.write(this.#fd, b, from, Math.min(to - from, this.#piece), null, (failure, written) =>
      done(failure, failure === null ? written : 0),
    );
  }

  close(done: () => void): void {
    done();
  }
}

/** Whether who started this process left the stream without blocking; unknown is no. */
function isNonBlocking(fd: number): boolean {
  try {
    const flags = /^flags:\s+([0-7]+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "0";
    return (Number.parseInt(flags, 8) & (fs.constants.O_NONBLOCK ?? 0)) !== 0;
  } catch {
    return false;
  }
}
