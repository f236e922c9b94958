import type { ProcessExit, Timer } from "../../platform/types.ts";
import type { PluginAsk } from "../../plugin/shared/plugin_news.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import type { RowBatch } from "../../telemetry/row_records.ts";
import type { MovedConnection } from "../moving/moved_connection.ts";
import { type WorkerHost, WorkerProcess } from "./worker_process.ts";

export interface SlotHost {
  readonly worker: WorkerHost;
  readonly log: EventLog;
  /** Brings a config into force in a process that has just started; false: it could not. */
  bring(w: WorkerProcess): Promise<boolean>;
  /** It serves, in the place of another one that is told to drain afterwards; null: of none. */
  goOn(w: WorkerProcess, before: WorkerProcess | null): void;
  /** A process is there, and counts. */
  onSpawn(w: WorkerProcess): void;
  /** One that drains gives these up. */
  onMoved(w: WorkerProcess, moved: readonly MovedConnection[]): void;
  onRows(w: WorkerProcess, batch: RowBatch): void;
  onPlugins(w: WorkerProcess, ask: PluginAsk): void;
  onGone(w: WorkerProcess): void;
  /** The slot's process serves, or there is none any more. */
  onChange(slot: WorkerSlot): void;
}

/** A process that lived so long did not fail at its start. */
const SETTLED_MS = 10_000;
/** A process that needs more memory than it may have at once is not replaced again and again. */
const REPLACE_MS = 60_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;

/**
 * One place among the workers, and the process that fills it.
 *
 *   empty ──start──▶ starting ──brought──▶ serving ──replace──▶ serving, the one before drains
 *     ▲                  │                    │
 *     └── wait ◀─────────┴──────exit──────────┘     (no wait for one that had served for a while)
 */
export class WorkerSlot {
  readonly index: number;
  /** How many processes came after the first. */
  restarts = 0;
  readonly #host: SlotHost;
  #process: WorkerProcess | null = null;
  #serving = false;
  /** Its successor is starting. */
  #next: WorkerProcess | null = null;
  readonly #draining = new Set<WorkerProcess>();
  #failures = 0;
  #since = 0;
  #wait: Timer | null = null;
  #ended = false;
  #onEmpty: (() => void) | null = null;
  /** Told when the successor that was asked for serves, or has ended. */
  #onRenewed: ((served: boolean) => void) | null = null;

  constructor(host: SlotHost, index: number) {
    this.#host = host;
    this.index = index;
  }

  /** The process that takes new connections; null: none does. */
  get serving(): WorkerProcess | null {
    return this.#serving ? this.#process : null;
  }

  /** All that live, those that drain included. */
  get processes(): readonly WorkerProcess[] {
    return [this.#process, this.#next, ...this.#draining].filter((p) => p !== null);
  }

  /** Starts the first process. */
  start(): void {
    this.#process = this.#spawn();
  }

  /** Starts another process, when the one that serves has lived for a while; when it serves, the one before drains. */
  replace(): void {
    if (this.#ended || this.#next !== null || !this.#serving) return;
    if (this.#host.worker.platform.now() - this.#since < REPLACE_MS) return;
    this.restarts++;
    this.#next = this.#spawn();
  }

  /**
   * Starts another process, however long the one that serves has lived. Resolves when it serves and the one before drains, or with false
   * when it came to nothing and the one before serves on. Where none serves, the one to come does: true.
   */
  renew(): Promise<boolean> {
    if (this.#ended || this.#next !== null || !this.#serving) return Promise.resolve(!this.#ended);
    const next = this.#spawn();
    if (next === null) return Promise.resolve(false);
    this.restarts++;
    this.#next = next;
    return new Promise((resolve) => {
      this.#onRenewed = resolve;
    });
  }

  /** No process is started any more. Resolves when none is left; telling them to go is the caller's. */
  end(): Promise<void> {
    this.#ended = true;
    this.#wait?.cancel();
    if (this.processes.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  #spawn(): WorkerProcess | null {
    this.#wait = null;
    try {
      const made = new WorkerProcess(this.#host.worker, this.index, {
        onStarted: (w) => void this.#started(w),
        onMoved: (w, moved) => this.#host.onMoved(w, moved),
        onRows: (w, batch) => this.#host.onRows(w, batch),
        onPlugins: (w, ask) => this.#host.onPlugins(w, ask),
        onExit: (w, how) => this.#exited(w, how),
      });
      this.#host.onSpawn(made);
      if (made.row < 0)
        this.#host.log.log("warning", "a worker holds caps on connections for itself: too many others drain", {
          worker: this.index,
        });
      return made;
    } catch (e) {
      this.#host.log.log("error", "a worker can't be started", {
        worker: this.index,
        reason: e instanceof Error ? e.message : String(e),
      });
      if (this.#process === null) this.#startLater();
      return null;
    }
  }

  async #started(w: WorkerProcess): Promise<void> {
    if (!(await this.#host.bring(w))) {
      w.kill();
      return;
    }
    if (w.gone || this.#ended) return;
    this.#since = this.#host.worker.platform.now();
    const before = w === this.#next && this.#process !== null && !this.#process.gone ? this.#process : null;
    this.#host.goOn(w, before);
    if (w === this.#next) {
      this.#next = null;
      this.#process = w;
      if (before !== null) {
        this.#draining.add(before);
        before.tell({ kind: "drain", delayMs: 0, patient: true, move: true });
      }
    }
    this.#serving = true;
    this.#renewed(true);
    this.#host.log.log("info", "worker serves", { worker: this.index, pid: w.pid });
    this.#host.onChange(this);
  }

  #exited(w: WorkerProcess, how: ProcessExit): void {
    this.#host.onGone(w);
    if (this.#draining.delete(w)) {
      this.#settle();
      return;
    }
    if (w === this.#next) {
      this.#next = null;
      this.#renewed(false);
    } else {
      this.#process = this.#next;
      this.#next = null;
      this.#serving = false;
      if (this.#process === null) this.#renewed(false);
    }
    this.#settle();
    if (this.#ended) return;
    this.#host.log.log("error", "worker ended", { worker: this.index, pid: w.pid, how: tell(how) });
    this.#host.onChange(this);
    if (this.#process === null) this.#startLater();
  }

  #startLater(): void {
    if (this.#ended) return;
    const { platform } = this.#host.worker;
    if (this.#since > 0 && platform.now() - this.#since >= SETTLED_MS) this.#failures = 0;
    this.#since = 0;
    const ms = this.#failures === 0 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
    this.#failures++;
    this.#wait = platform.setTimer(
      ms,
      () => {
        this.restarts++;
        this.#process = this.#spawn();
      },
      true,
    );
  }

  #renewed(served: boolean): void {
    const f = this.#onRenewed;
    this.#onRenewed = null;
    f?.(served);
  }

  #settle(): void {
    if (this.#onEmpty !== null && this.processes.length === 0) this.#onEmpty();
  }
}

function tell({ code, signal, failed }: ProcessExit): string {
  return failed?.message ?? (signal === null ? `exit code ${code}` : signal);
}
