import type { Problem } from "../../config/problem.ts";
import type { LinuxCalls, Platform, Process, ProcessExit, Processes, SharedMemory } from "../../platform/types.ts";
import type { PluginAsk, PluginNews } from "../../plugin/shared/plugin_news.ts";
import type { PluginWorker } from "../../plugin/shared/shared_pool.ts";
import type { RowBatch } from "../../telemetry/row_records.ts";
import type { CountsMemory } from "../counts/counts_memory.ts";
import type { MovedConnection } from "../moving/moved_connection.ts";
import { movedHere, PacketMover } from "../moving/packet_mover.ts";
import { type HeldSocket, type NamedSocket, nameOf } from "../sockets/held_socket.ts";
import type { Status } from "../status.ts";
import { Channel, type ChannelHandler } from "./channel.ts";
import { passDescriptors, takeDescriptors } from "./pass_descriptors.ts";
import { ROW_VARIABLE, WORKER_VARIABLE, type WorkerOrder, type WorkerReport } from "./worker_message.ts";

export interface WorkerHost {
  readonly platform: Platform;
  readonly linux: LinuxCalls;
  readonly processes: Processes;
  /** What all workers count connections in. */
  readonly counts: CountsMemory;
  /** How a worker is started, without its index. */
  readonly command: { readonly command: string; readonly args: readonly string[] };
  readonly env: Readonly<Record<string, string>>;
  /** Of the memory in which one counts. */
  numbersBytes(): number;
}

export interface WorkerWatcher {
  /** It can be told what to do. */
  onStarted(w: WorkerProcess): void;
  /** It drains, and gives these up. */
  onMoved(w: WorkerProcess, moved: readonly MovedConnection[]): void;
  onRows(w: WorkerProcess, batch: RowBatch): void;
  onPlugins(w: WorkerProcess, ask: PluginAsk): void;
  /** The last call: it has ended, and all that it sent has come. */
  onExit(w: WorkerProcess, how: ProcessExit): void;
}

type Answer = Extract<WorkerReport, { readonly id: number }>;
type Question =
  | Omit<Extract<WorkerOrder, { kind: "prepare" }>, "id">
  | { readonly kind: "commit" | "undo" | "handOver" | "status" };

/** A worker process, as its supervisor sees it. */
export class WorkerProcess implements ChannelHandler<WorkerReport>, PluginWorker {
  readonly index: number;
  /** Its own among all processes of this weir, of all generations. */
  readonly id: string;
  /** Where it counts; the descriptor is the watcher's. */
  readonly numbers: SharedMemory;
  /** Where it counts connections together with the others, until it has ended; −1: it counts for itself. */
  readonly row: number;
  /** When it last said that its event loop turns, on the platform's clock. */
  lastBeat: number;
  readonly #host: WorkerHost;
  readonly #watcher: WorkerWatcher;
  readonly #process: Process;
  readonly #channel: Channel<WorkerReport, WorkerOrder>;
  readonly #packets: number;
  readonly #waiting = new Map<number, (a: Answer | null) => void>();
  #lastId = 0;
  #gone = false;
  #closed = false;
  #how: ProcessExit | null = null;

  /** Throws a ProxyError when the system has no descriptors left. */
  constructor(host: WorkerHost, index: number, watcher: WorkerWatcher) {
    const { platform, linux, processes, counts, command } = host;
    this.index = index;
    this.#host = host;
    this.#watcher = watcher;
    this.lastBeat = platform.now();
    const [stream, streamThere] = linux.socketPair();
    const [packets, packetsThere] = linux.packetPair();
    this.#packets = packets;
    this.numbers = linux.sharedMemory(host.numbersBytes());
    this.row = counts.takeRow();
    this.#process = processes.spawn(
      {
        ...command,
        env: { ...host.env, [WORKER_VARIABLE]: String(index), [ROW_VARIABLE]: String(this.row) },
        stdin: "ignore",
        stdout: "inherit",
        stderr: "inherit",
        descriptors: [streamThere, packetsThere, this.numbers.fd, counts.fd],
      },
      { onExit: (how) => this.#exited(how) },
    );
    this.id = `${this.#process.pid}/${Math.round(platform.wallNow())}`;
    linux.closeDescriptor(streamThere);
    linux.closeDescriptor(packetsThere);
    let channel: Channel<WorkerReport, WorkerOrder> | null = null;
    platform.adopt(stream, { accepted: false }, (conn) => {
      channel = new Channel(conn, this);
      return channel;
    });
    this.#channel = channel!;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get gone(): boolean {
    return this.#gone;
  }

  tell(order: WorkerOrder): void {
    if (!this.#gone) this.#channel.send(order);
  }

  /** Sends sockets, to be named in the next order. They stay open here. */
  pass(sockets: readonly HeldSocket[]): readonly NamedSocket[] {
    try {
      if (!this.#gone)
        passDescriptors(
          this.#host.linux,
          this.#packets,
          sockets.map((s) => s.fd),
        );
    } catch {
      // It is going, or takes nothing any more.
      this.kill();
    }
    return sockets.map(nameOf);
  }

  /** What it hears of plugins; a descriptor goes with it, and is closed here. */
  tellPlugins(news: PluginNews, fd: number | null): void {
    if (fd !== null) {
      try {
        if (!this.#gone) passDescriptors(this.#host.linux, this.#packets, [fd]);
      } catch {
        this.kill();
      }
      this.#host.linux.closeDescriptor(fd);
    }
    this.tell({ kind: "plugins", news });
  }

  /** Gives it connections that another process gave up. */
  async adopt(moved: readonly MovedConnection[]): Promise<boolean> {
    const mover = new PacketMover({
      platform: this.#host.platform,
      linux: this.#host.linux,
      packets: this.#packets,
      gone: this.#gone,
      tell: (connections) => this.tell({ kind: "adopt", connections }),
    });
    return await mover.move(moved);
  }

  /** Why it can't take a config; empty: it can; null: it is gone. */
  async prepare(order: Omit<Extract<WorkerOrder, { kind: "prepare" }>, "id" | "kind">): Promise<readonly Problem[] | null> {
    const answer = await this.#ask({ kind: "prepare", ...order });
    return answer?.kind === "prepared" ? answer.problems : null;
  }

  /** Resolves when it is done, or when the worker is gone. */
  async commit(): Promise<void> {
    await this.#ask({ kind: "commit" });
  }

  async undo(): Promise<void> {
    await this.#ask({ kind: "undo" });
  }

  /** Resolves when it reads no datagrams any more, or is gone. */
  async handOver(): Promise<void> {
    await this.#ask({ kind: "handOver" });
  }

  /** null: it does not answer in `withinMs`. */
  async status(withinMs: number): Promise<Status | null> {
    const asked = this.#ask({ kind: "status" });
    const late = new Promise<null>((resolve) => this.#host.platform.setTimer(withinMs, () => resolve(null), true));
    const answer = await Promise.race([asked, late]);
    return answer?.kind === "status" ? answer.status : null;
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  onMessage(m: WorkerReport): void {
    this.lastBeat = this.#host.platform.now();
    if (m.kind === "started") this.#watcher.onStarted(this);
    else if (m.kind === "moved")
      this.#watcher.onMoved(
        this,
        movedHere(takeDescriptors(this.#host.linux, this.#packets, m.connections.length), m.connections),
      );
    else if (m.kind === "rows") this.#watcher.onRows(this, m.batch);
    else if (m.kind === "plugins") this.#watcher.onPlugins(this, m.ask);
    else if (m.kind !== "beat") {
      const answer = this.#waiting.get(m.id);
      this.#waiting.delete(m.id);
      answer?.(m);
    }
  }

  onClose(): void {
    this.#closed = true;
    // Without its channel it can't be told anything: it has to go.
    this.kill();
    this.#leave();
  }

  #ask(q: Question): Promise<Answer | null> {
    if (this.#gone) return Promise.resolve(null);
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#channel.send({ ...q, id } as WorkerOrder);
    });
  }

  #exited(how: ProcessExit): void {
    this.#how = how;
    this.#leave();
  }

  /** It has ended, and what it sent before has been read to its end. */
  #leave(): void {
    if (this.#gone || this.#how === null || !this.#closed) return;
    this.#gone = true;
    this.#host.linux.closeDescriptor(this.#packets);
    this.#host.counts.freeRow(this.row);
    for (const f of this.#waiting.values()) f(null);
    this.#waiting.clear();
    this.#watcher.onExit(this, this.#how);
  }
}
