import type { Platform, Timer } from "../platform/types.ts";
import type { AccessRecord } from "../telemetry/access_record.ts";
import type { EventLog } from "../telemetry/event_log.ts";
import type { AccessLogMetrics } from "../telemetry/metrics.ts";
import type { AccessLogFormat } from "./access_log_format.ts";
import type { LogFile } from "./log_file.ts";

/** Bytes collected for one write. */
const BUFFER_BYTES = 64 * 1024;
/** A line waits this long at most before it is written. */
const FLUSH_MS = 1000;
/** After a failure, and for a pipe that takes nothing. */
const RETRY_MS = 1000;
const BUSY_MS = 10;
/** Bytes held for a destination that takes nothing; lines beyond are dropped and counted. */
const QUEUE_BYTES = 4 * 1024 * 1024;
/** The same destination's failures are told once in this time. */
const TELL_MS = 60_000;
/** `close` gives a destination that takes nothing this long. */
const CLOSE_MS = 2000;
const LINE_BREAK = 0x0a;

export interface SinkEnv {
  readonly platform: Pick<Platform, "now" | "setTimer">;
  readonly log: EventLog;
}

interface Filled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly length: number;
}

/**
 * Collects lines and writes them in large pieces, one write at a time, never on the caller's turn. Memory is bounded: when the
 * destination stalls, new lines are dropped and counted.
 *
 * ```text
 *   line ──► #current ──(full, or 1 s old)──► #queue ──► one write under way ──► destination
 *                                              ▲                 │
 *                                              └── the rest, after a partial write or a failure
 * ```
 */
export class LineSink {
  readonly #file: LogFile;
  readonly #env: SinkEnv;
  readonly #metrics: AccessLogMetrics;
  #current = new Uint8Array(BUFFER_BYTES);
  #at = 0;
  /** A written buffer, kept for the next turn. */
  #spare: Uint8Array<ArrayBuffer> | null = null;
  readonly #queue: Filled[] = [];
  #queuedBytes = 0;
  /** Bytes of the queue's first entry that have been written. */
  #offset = 0;
  /** A write, an open or a wait before the next try is under way. */
  #busy = false;
  #flushTimer: Timer | null = null;
  #retryTimer: Timer | null = null;
  #reopenWanted = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #droppedInARow = 0;
  #onClosed: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  constructor(file: LogFile, metrics: AccessLogMetrics, env: SinkEnv) {
    this.#file = file;
    this.#metrics = metrics;
    this.#env = env;
    const failure = file.openNow();
    if (failure !== null) this.#tell(failure);
  }

  /** Takes one line. It may be 4 MiB long; a longer one is dropped. */
  write(r: AccessRecord, format: AccessLogFormat): void {
    if (this.#closed !== null || this.#queuedBytes + this.#at > QUEUE_BYTES) {
      this.#drop();
      return;
    }
    let to = format.write(r, this.#current, this.#at);
    if (to < 0) to = this.#writeLarge(r, format);
    if (to < 0) return;
    this.#at = to;
    this.#metrics.lines.add(1);
    if (this.#flushTimer === null) this.#flushTimer = this.#env.platform.setTimer(FLUSH_MS, () => this.#onFlushTimer());
  }

  #writeLarge(r: AccessRecord, format: AccessLogFormat): number {
    let size = BUFFER_BYTES;
    this.#fill();
    let to = format.write(r, this.#current, 0);
    while (to < 0) {
      size *= 4;
      if (size > QUEUE_BYTES) {
        this.#drop();
        return -1;
      }
      this.#current = new Uint8Array(size);
      to = format.write(r, this.#current, 0);
    }
    return to;
  }

  /** Opens the path anew, between two lines: what was renamed gets no line afterwards. Nothing is lost when that fails. */
  reopen(): void {
    if (this.#closed !== null) return;
    this.#reopenWanted = true;
    this.#retryNow();
    this.#next();
  }

  /** Writes what is there and closes; resolves in any case, after 2 s at the latest. */
  close(): Promise<void> {
    if (this.#closed === null) {
      this.#closed = new Promise((resolve) => {
        const limit = this.#env.platform.setTimer(CLOSE_MS, () => this.#finish(), true);
        this.#onClosed = () => {
          limit.cancel();
          resolve();
        };
      });
      this.#fill();
      this.#retryNow();
      this.#next();
    }
    return this.#closed;
  }

  #drop(): void {
    this.#metrics.dropped.add(1);
    if (this.#droppedInARow++ === 0 && this.#closed === null) {
      this.#env.log.log("error", "access log lines are dropped: the destination takes too little", { log: this.#file.name });
    }
  }

  /** Puts what is collected into the queue. */
  #fill(): void {
    if (this.#at === 0) return;
    this.#queue.push({ bytes: this.#current, length: this.#at });
    this.#queuedBytes += this.#at;
    this.#at = 0;
    this.#current = this.#spare ?? new Uint8Array(BUFFER_BYTES);
    this.#spare = null;
    this.#next();
  }

  #onFlushTimer(): void {
    this.#flushTimer = null;
    this.#fill();
  }

  #retryNow(): void {
    if (this.#retryTimer === null) return;
    this.#retryTimer.cancel();
    this.#retryTimer = null;
    this.#busy = false;
  }

  /** Starts the next step when none is under way. */
  #next(): void {
    if (this.#busy) return;
    // Between two lines only: the rest of a half-written buffer belongs to the old file.
    if (this.#reopenWanted && this.#offset === 0) {
      this.#reopenWanted = false;
      this.#busy = true;
      this.#file.reopen((failure) => this.#onOpened(failure));
      return;
    }
    const first = this.#queue[0];
    if (first === undefined) {
      if (this.#closed !== null) this.#finish();
      return;
    }
    this.#busy = true;
    this.#file.write(first.bytes, this.#offset, first.length, (failure, written) => this.#onWritten(failure, written));
  }

  #onOpened(failure: Error | null): void {
    this.#busy = false;
    if (failure !== null) this.#fail(failure);
    this.#next();
  }

  #onWritten(failure: Error | null, written: number): void {
    this.#busy = false;
    const first = this.#queue[0];
    // Given up by `close` while the write was under way.
    if (first === undefined) return;
    this.#metrics.bytes.add(written);
    this.#offset += written;
    if (this.#offset >= first.length) {
      this.#queue.shift();
      this.#queuedBytes -= first.length;
      this.#offset = 0;
      if (first.bytes.length === BUFFER_BYTES) this.#spare = first.bytes;
      this.#recover();
    }
    if (failure === null) {
      this.#next();
      return;
    }
    const wait = isBusy(failure) ? BUSY_MS : RETRY_MS;
    if (wait === RETRY_MS) {
      this.#fail(failure);
      if (this.#closed !== null) {
        this.#finish();
        return;
      }
      if (this.#reopenWanted) this.#skipTornLine();
    }
    if (this.#reopenWanted && this.#offset === 0) {
      this.#next();
      return;
    }
    this.#busy = true;
    this.#retryTimer = this.#env.platform.setTimer(wait, () => {
      this.#retryNow();
      this.#next();
    });
  }

  /** The old file takes no more and a new one is wanted: the rest of a line that was cut must not begin it. */
  #skipTornLine(): void {
    const first = this.#queue[0];
    if (first === undefined || this.#offset === 0) return;
    let at = this.#offset;
    if (first.bytes[at - 1] !== LINE_BREAK) {
      while (at < first.length && first.bytes[at] !== LINE_BREAK) at++;
      at++;
      this.#metrics.dropped.add(1);
    }
    this.#queue.shift();
    this.#queuedBytes -= first.length;
    this.#offset = 0;
    if (at >= first.length) return;
    const rest = first.bytes.slice(at, first.length);
    this.#queue.unshift({ bytes: rest, length: rest.length });
    this.#queuedBytes += rest.length;
  }

  #recover(): void {
    if (this.#droppedInARow === 0) return;
    const lines = this.#droppedInARow;
    this.#droppedInARow = 0;
    this.#env.log.log("warning", "access log lines were dropped, the destination takes them again", {
      log: this.#file.name,
      lines,
    });
  }

  #fail(failure: Error): void {
    this.#metrics.writeErrors.add(1);
    this.#tell(failure);
  }

  #tell(failure: Error): void {
    const now = this.#env.platform.now();
    if (now - this.#toldAt < TELL_MS) return;
    this.#toldAt = now;
    this.#env.log.log("error", "access log can't be written", { log: this.#file.name, error: failure.message });
  }

  #finish(): void {
    const done = this.#onClosed;
    if (done === null) return;
    this.#onClosed = null;
    this.#flushTimer?.cancel();
    this.#retryTimer?.cancel();
    for (const [i, f] of this.#queue.entries()) this.#metrics.dropped.add(countLines(f, i === 0 ? this.#offset : 0));
    this.#queue.length = 0;
    this.#file.close(done);
  }
}

/** A pipe or terminal that is full, which is no failure. */
function isBusy(failure: Error): boolean {
  const { code } = failure as Error & { code?: string };
  return code === "EAGAIN" || code === "EWOULDBLOCK" || code === "EINTR";
}

function countLines(f: Filled, from: number): number {
  let n = 0;
  for (let i = from; i < f.length; i++) if (f.bytes[i] === LINE_BREAK) n++;
  return n;
}
