import { controlPath } from "../../config/control_path.ts";
import type { Listener, Platform, Timer } from "../../platform/types.ts";
import { PluginDoor } from "../../plugin/shared/plugin_door.ts";
import type { AdjustableEventLog } from "../../telemetry/create_event_log.ts";
import { Metrics } from "../../telemetry/metrics.ts";
import { Numbers } from "../../telemetry/numbers.ts";
import { RowFeed } from "../../telemetry/row_feed.ts";
import type { OpenEndpoints } from "../../upstream/discovery/endpoint_source.ts";
import { HealthBoard } from "../../upstream/health/health_board.ts";
import { HealthPlace } from "../../upstream/health/health_place.ts";
import { hasRow, SharedCounts } from "../counts/shared_counts.ts";
import type { LoadModule } from "../modules/module_table.ts";
import { movedHere, PacketMover } from "../moving/packet_mover.ts";
import { ownNumbers } from "../numbers/server_numbers.ts";
import { numberMemory } from "../numbers/weir_numbers.ts";
import { dropPrivileges } from "../privileges.ts";
import { type PreparedModel, Server } from "../server.ts";
import type { DrainOptions } from "../serving.ts";
import { type HeldSocket, HeldSockets, type NamedSocket } from "../sockets/held_socket.ts";
import { Channel, type ChannelHandler } from "./channel.ts";
import { openOrphanPost, orphanPath } from "./orphan_post.ts";
import { takeDescriptors } from "./pass_descriptors.ts";
import { ToldSecrets } from "./told_secrets.ts";
import {
  BEAT_MS,
  CHANNEL_FD,
  COUNTS_FD,
  NUMBERS_FD,
  PACKETS_FD,
  ROW_VARIABLE,
  WORKER_VARIABLE,
  type WorkerOrder,
  type WorkerReport,
} from "./worker_message.ts";
import { WorkerSockets } from "./worker_sockets.ts";

export interface WorkerEnv {
  readonly platform: Platform;
  readonly index: number;
  readonly log: AdjustableEventLog;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly build: { readonly version: string; readonly commit: string };
  readonly openEndpoints: OpenEndpoints;
  readonly loadModule: LoadModule;
  /** Is given what counts a callback's throw. */
  readonly onServer: (s: Server) => void;
}

/** The index of the worker that this process is. The variable is taken out of `env`. */
export function takeWorkerIndex(env: Record<string, string | undefined>): number {
  const index = env[WORKER_VARIABLE];
  delete env[WORKER_VARIABLE];
  return Number(index);
}

/** Serves what the supervisor says, until it is told to end. Resolves with the exit code. */
export function work(env: WorkerEnv): Promise<number> {
  return new Worker(env).exited;
}

/** Somebody else takes new connections already. */
const AT_ONCE: DrainOptions = { delayMs: 0, patient: true };

class Worker implements ChannelHandler<WorkerOrder> {
  readonly exited: Promise<number>;
  readonly #env: WorkerEnv;
  readonly #server: Server;
  readonly #plugins: PluginDoor;
  readonly #sockets: WorkerSockets;
  readonly #secrets = new ToldSecrets();
  /** As the supervisor tells; it stays as it is when that is gone. */
  readonly #health = new HealthBoard();
  /** null: it counts for itself. */
  readonly #counts: SharedCounts | null;
  readonly #channel: Channel<WorkerOrder, WorkerReport>;
  readonly #feed: RowFeed;
  readonly #packets: number;
  readonly #mover: PacketMover;
  #prepared: PreparedModel | null = null;
  #orphan: Timer | null = null;
  #post: Listener | null = null;
  #exit: (code: number) => void = () => {};
  #committed = false;

  constructor(env: WorkerEnv) {
    this.#env = env;
    const { platform, log, build } = env;
    const linux = platform.linux!;
    log.always({ worker: env.index });
    const [stream, packets, numbers, counts] = [CHANNEL_FD, PACKETS_FD, NUMBERS_FD, COUNTS_FD].map(
      (fd) => linux.takeInherited(fd) ?? -1,
    ) as [number, number, number, number];
    this.#packets = packets;
    this.exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
    this.#sockets = new WorkerSockets(platform);
    const memory = linux.mapShared(numbers);
    linux.closeDescriptor(numbers);
    this.#counts = this.#countIn(linux.mapShared(counts));
    linux.closeDescriptor(counts);
    const metrics = new Metrics(new Numbers(numberMemory(memory, log)));
    this.#plugins = new PluginDoor({
      clock: platform,
      send: (ask) => this.#channel.send({ kind: "plugins", ask }),
      adopt: (fd, open) => void platform.adopt(fd, { accepted: false }, open),
    });
    this.#server = new Server({
      platform,
      log,
      build,
      sockets: this.#sockets,
      secretFiles: this.#secrets,
      health: new HealthPlace(this.#health, false),
      openEndpoints: env.openEndpoints,
      loadModule: env.loadModule,
      numbers: ownNumbers(metrics),
      env: env.env,
      pluginDoor: this.#plugins,
      ...(this.#counts === null ? {} : { counts: this.#counts }),
    });
    env.onServer(this.#server);
    let channel: Channel<WorkerOrder, WorkerReport> | null = null;
    platform.adopt(stream, { accepted: false }, (conn) => {
      channel = new Channel(conn, this);
      return channel;
    });
    this.#channel = channel!;
    this.#feed = new RowFeed(memory, (batch) => this.#channel.send({ kind: "rows", batch }));
    metrics.numbers.watch(this.#feed);
    this.#mover = new PacketMover({
      platform,
      linux,
      packets,
      gone: false,
      tell: (connections) => this.#channel.send({ kind: "moved", connections }),
    });
    this.#onSignals();
    this.#channel.send({ kind: "started" });
    this.#beat();
  }

  onMessage(m: WorkerOrder): void {
    switch (m.kind) {
      case "prepare":
        void this.#prepare(m);
        break;
      case "commit":
        this.#commit(m.id);
        break;
      case "undo":
        void this.#undo(m.id);
        break;
      case "read":
        this.#server.readDatagrams();
        break;
      case "handOver":
        this.#server.handOverDatagrams(false);
        this.#channel.send({ kind: "done", id: m.id });
        break;
      case "secrets":
        this.#secrets.tell(m.secrets);
        void this.#server.secrets.look();
        break;
      case "health":
        for (const r of m.records) this.#health.put(r);
        break;
      case "share":
        void this.#server.share(m.worker, this.#take(m.sockets));
        break;
      case "adopt":
        this.#server.adopt(
          movedHere(takeDescriptors(this.#env.platform.linux!, this.#packets, m.connections.length), m.connections),
        );
        break;
      case "unshare":
        void this.#server.unshare(m.worker);
        break;
      case "plugins":
        this.#plugins.hear(
          m.news,
          m.news.kind === "process" ? takeDescriptors(this.#env.platform.linux!, this.#packets, 1)[0] : -1,
        );
        break;
      case "status":
        this.#channel.send({ kind: "status", id: m.id, status: this.#server.status() });
        break;
      case "reopen":
        this.#server.reopenLogs();
        break;
      case "drain":
        void this.#drainAndMove(m);
        break;
      case "stop":
        void this.#server.stop().then(() => this.#exit(0));
        break;
    }
  }

  /** The supervisor is gone: this worker serves on, with the config that it has, until its time is over. */
  onClose(): void {
    const limitMs = this.#server.model?.process.worker.orphanMs ?? 0;
    this.#env.log.log("error", "the supervisor is gone, this worker serves on", { limitMs });
    this.#orphan = this.#env.platform.setTimer(limitMs, () => this.#drain(), true);
    this.#plugins.orphaned();
    void this.#openPost();
  }

  async #openPost(): Promise<void> {
    const { platform, log, env } = this.#env;
    const { model } = this.#server;
    if (model === null) return;
    const control = controlPath(model, { env, uid: process.getuid?.() ?? null });
    try {
      this.#post = await openOrphanPost({
        platform,
        linux: platform.linux!,
        path: orphanPath(control, process.pid),
        sockets: () => this.#server.heldSockets(),
        drain: () => {
          this.#server.handOverDatagrams(true);
          this.#drain(AT_ONCE);
        },
      });
    } catch (e) {
      log.log("warning", "a new weir can't take this worker's sockets", { reason: e instanceof Error ? e.message : String(e) });
    }
  }

  #countIn(memory: ArrayBuffer): SharedCounts | null {
    const { platform, env } = this.#env;
    const row = Number(env[ROW_VARIABLE] ?? -1);
    return hasRow(memory, row) ? new SharedCounts(memory, row, () => platform.linux!.monotonicMicros()) : null;
  }

  async #prepare({ id, model, places, sockets, secrets, health }: Extract<WorkerOrder, { kind: "prepare" }>): Promise<void> {
    this.#counts?.tell(places);
    this.#secrets.tell(secrets);
    this.#health.replace(health);
    const held = new HeldSockets(this.#take(sockets));
    this.#sockets.supply(held);
    const prepared = await this.#server.prepare(model);
    // What stays has its sockets already.
    for (const { fd } of held.takeRest()) this.#env.platform.linux!.closeDescriptor(fd);
    if ("commit" in prepared) this.#prepared = prepared;
    this.#feed.flush();
    this.#channel.send({ kind: "prepared", id, problems: "commit" in prepared ? [] : prepared.problems });
  }

  #commit(id: number): void {
    this.#prepared?.commit();
    this.#prepared = null;
    const model = this.#server.model!;
    this.#env.log.adjust(model.log);
    if (!this.#committed) {
      this.#committed = true;
      const failure = dropPrivileges(model.process, this.#env.platform.os);
      if (failure !== null) {
        this.#env.log.log("error", "giving up privileges failed", { reason: failure });
        this.#exit(1);
        return;
      }
    }
    // Killed from here on, it leaves nothing uncounted.
    this.#feed.flush();
    this.#channel.send({ kind: "done", id });
  }

  async #undo(id: number): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = null;
    await prepared?.undo();
    this.#channel.send({ kind: "done", id });
  }

  #take(sockets: readonly NamedSocket[]): HeldSocket[] {
    const fds = takeDescriptors(this.#env.platform.linux!, this.#packets, sockets.length);
    return sockets.map((s, i) => ({ ...s, fd: fds[i]! }));
  }

  async #drainAndMove({ move, ...o }: Extract<WorkerOrder, { kind: "drain" }>): Promise<void> {
    if (move) await this.#server.moveIdle(this.#mover);
    this.#drain(o);
  }

  #drain(o?: DrainOptions): void {
    this.#orphan?.cancel();
    void this.#post?.close();
    void this.#server.drain(o).then(() => this.#exit(0));
  }

  #beat(): void {
    this.#channel.send({ kind: "beat" });
    this.#env.platform.setTimer(BEAT_MS, () => this.#beat());
  }

  /** The supervisor passes on what an operator wants; a terminal's signals reach all processes. */
  #onSignals(): void {
    for (const signal of ["SIGINT", "SIGHUP", "SIGUSR2"] as const) process.on(signal, () => {});
    // Its siblings go on with what waits for a request.
    process.on("SIGTERM", () => void this.#drainAndMove({ kind: "drain", move: true, ...AT_ONCE }));
    process.on("SIGUSR1", () => this.#server.reopenLogs());
  }
}
