import { Turns } from "../../base/turns.ts";
import type { Model } from "../../config/model.ts";
import type { Problem } from "../../config/problem.ts";
import type { Receipt } from "../../config/source.ts";
import type { WorkerProcess as WorkerPlace } from "../../export/worker_metrics.ts";
import type { Timer } from "../../platform/types.ts";
import type { PluginAsk } from "../../plugin/shared/plugin_news.ts";
import type { NextShared, SharedPlugins } from "../../plugin/shared/shared_plugins.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import type { RowBatch } from "../../telemetry/row_records.ts";
import { type CertsStatus, certsStatus } from "../../tls/store/certs_status.ts";
import type { SecretFiles } from "../../tls/store/secret_files.ts";
import type { PreparedSecrets, TlsSecrets } from "../../tls/store/tls_secrets.ts";
import type { HealthBoard, HealthRecord } from "../../upstream/health/health_board.ts";
import type { AdminView } from "../admin/admin_app.ts";
import type { ListenerPlace } from "../counts/shared_counts.ts";
import { withInternalListeners } from "../internal_listeners.ts";
import { modulesDiffer } from "../modules/module_table.ts";
import type { MovedConnection, Mover } from "../moving/moved_connection.ts";
import { numbersBytes } from "../numbers/numbers_bytes.ts";
import { retainNames } from "../numbers/retain_names.ts";
import type { WeirNumbers } from "../numbers/weir_numbers.ts";
import { sourcePlugins } from "../plugins/plugin_sources.ts";
import type { PreparedModel, Server } from "../server.ts";
import type { DrainOptions, Serving } from "../serving.ts";
import type { HeldSocket, HeldSockets } from "../sockets/held_socket.ts";
import type { Status } from "../status.ts";
import { mergeStatus } from "./merge_status.ts";
import { secretTexts } from "./secret_texts.ts";
import { shareBreakers } from "./share_breakers.ts";
import { sharePlugins } from "./share_plugins.ts";
import { type PreparedSockets, SocketTable } from "./socket_table.ts";
import { ToldSecrets } from "./told_secrets.ts";
import type { SecretText } from "./worker_message.ts";
import type { WorkerHost, WorkerProcess } from "./worker_process.ts";
import { WorkerSlot } from "./worker_slot.ts";

export interface SupervisorEnv {
  readonly worker: Omit<WorkerHost, "numbersBytes">;
  readonly workers: number;
  readonly log: EventLog;
  readonly held: HeldSockets;
  readonly numbers: WeirNumbers;
  /** Number of the config that a predecessor had in force. */
  readonly generation: number;
  /** Makes the server of the admin addresses and of the checks of hosts, in this process; it serves no listener of the config. */
  readonly front: (view: AdminView, workers: () => readonly WorkerPlace[], secrets: SecretFiles) => Server;
  /** Written by the front server, which checks the hosts of all clusters. */
  readonly board: HealthBoard;
  /** What workers share of plugins; `changed` is called when the program of one was replaced. */
  readonly plugins: (changed: (plugin: string) => void) => SharedPlugins;
  /** Made over the disk; `changed` is called when a file was replaced by a good one. */
  readonly secrets: (changed: () => void) => TlsSecrets;
}

/** Everything of a config, made and not in force. */
interface Prepared {
  readonly model: Model;
  readonly front: PreparedModel;
  readonly sockets: PreparedSockets;
  readonly secrets: PreparedSecrets;
  readonly plugins: NextShared;
}

/** A worker that has said nothing for so long hangs. */
const HANG_MS = 10_000;
const WATCH_MS = 1_000;
/** Before there is a config. */
const UNLIMITED = { memory: { softBytes: null, hardBytes: null } };
/** When no successor is ready by then, a sibling takes what waits in a dead worker's sockets. */
const SHARE_MS = 200;
const STATUS_MS = 1_000;
/** Workers give each of their sessions a socket in microseconds; one that hangs must not hold an upgrade up. */
const HAND_OVER_MS = 2_000;
/** What workers have beyond the drain's limits to end by themselves. */
const END_MS = 5_000;

/**
 * The control side of a weir with several workers: it takes configs and certificates, opens the sockets, and keeps a process in every
 * slot. It never touches a client's connection, save on the admin addresses.
 *
 *   starting ──first model──▶ running ──drain──▶ draining ──▶ stopped
 */
export class Supervisor implements Serving, AdminView {
  readonly #env: SupervisorEnv;
  readonly #front: Server;
  readonly #sockets: SocketTable;
  readonly #secrets: TlsSecrets;
  /** The same for the front server, which reads none by itself. */
  readonly #told = new ToldSecrets();
  #health: HealthRecord[] = [];
  readonly #plugins: SharedPlugins;
  readonly #slots: readonly WorkerSlot[];
  readonly #turns = new Turns();
  readonly #shares = new Map<WorkerSlot, WorkerProcess>();
  #model: Model | null = null;
  #mover: Mover | null = null;
  #nextAdopter = 0;
  #candidate: Prepared | null = null;
  #state: Status["state"] = "starting";
  #generation = 0;
  #watch: Timer | null = null;
  /** No predecessor reads datagrams. */
  #reads = false;
  /** Told when a slot serves, or when a first process could not. */
  #onStart: ((problems: readonly Problem[]) => void) | null = null;
  /** The slot whose successor gets the candidate; null: none. */
  #renewing: WorkerSlot | null = null;
  /** Why that could not take it. */
  #refusal: readonly Problem[] = [];

  constructor(env: SupervisorEnv) {
    this.#env = env;
    this.#generation = env.generation;
    const places = (): WorkerPlace[] =>
      this.#slots.map((s) => ({ worker: String(s.index), pid: s.serving?.pid ?? null, restarts: s.restarts }));
    this.#front = env.front(this, places, this.#told);
    this.#plugins = env.plugins((plugin) => void this.#renewPlugin(plugin));
    env.board.watch(null, (r) => this.#healthChanged(r));
    this.#sockets = new SocketTable(env.worker.linux, env.held, env.workers);
    this.#secrets = env.secrets(() => this.#secretsChanged());
    const host = {
      worker: { ...env.worker, numbersBytes: () => numbersBytes(this.#candidate?.model ?? this.#model!) },
      log: env.log,
      bring: (w: WorkerProcess) => this.#bring(w),
      goOn: (w: WorkerProcess, before: WorkerProcess | null) => void this.#goOn(w, before),
      onSpawn: (w: WorkerProcess) => env.numbers.add(w.id, "worker", w.numbers.fd, w.numbers.buffer),
      onMoved: (w: WorkerProcess, moved: readonly MovedConnection[]) => void this.#moved(w, moved),
      onRows: (w: WorkerProcess, batch: RowBatch) => env.numbers.apply(w.id, batch),
      onPlugins: (w: WorkerProcess, ask: PluginAsk) => this.#plugins.hear(w, ask),
      onGone: (w: WorkerProcess) => {
        env.numbers.fold(w.id);
        this.#plugins.gone(w);
      },
      onChange: (slot: WorkerSlot) => this.#changed(slot),
    };
    this.#slots = Array.from({ length: env.workers }, (_, i) => new WorkerSlot(host, i));
  }

  // ---- AdminView ----

  get ready(): boolean {
    return this.#state === "running" && this.#slots.some((s) => s.serving !== null);
  }

  metricsPage(): Promise<{ readonly contentType: string; readonly body: string }> {
    return this.#front.metricsPage();
  }

  // ---- Serving ----

  async apply(model: Model): Promise<Receipt> {
    const release = await this.#turns.take();
    try {
      return await this.#apply(model);
    } finally {
      release();
    }
  }

  refuse(problems: readonly Problem[]): Receipt {
    this.#front.refuse(problems);
    return { generation: this.#generation, problems };
  }

  async status(): Promise<Status> {
    const own = this.#front.status();
    const workers = await Promise.all(
      this.#slots.map(async (s) => ({
        index: s.index,
        pid: s.serving?.pid ?? 0,
        restarts: s.restarts,
        status: (await s.serving?.status(STATUS_MS)) ?? null,
      })),
    );
    return mergeStatus({ ...own, name: this.#model?.name ?? "", state: this.#state, generation: this.#generation }, workers);
  }

  certs(): CertsStatus {
    return certsStatus(this.#secrets, this.#env.worker.platform.wallNow());
  }

  reopenLogs(): void {
    this.#tellAll({ kind: "reopen" });
  }

  countThrow(): void {
    this.#front.countThrow();
  }

  healthRecords(): readonly HealthRecord[] {
    return this.#env.board.records();
  }

  heldSockets(): readonly HeldSocket[] {
    return [...this.#sockets.all(), ...this.#front.heldSockets()];
  }

  async succeeded(): Promise<void> {
    this.#sockets.keepPaths();
    const late = new Promise<void>((resolve) => this.#env.worker.platform.setTimer(HAND_OVER_MS, resolve, true));
    this.#sockets.shareDatagrams(true);
    await Promise.race([Promise.all(this.#serving().map((w) => w.handOver())), late]);
    this.#sockets.shareDatagrams(false);
    await this.#front.succeeded();
  }

  readDatagrams(): void {
    this.#reads = true;
    this.#tellAll({ kind: "read" });
  }

  /** Workers give connections up when they are told to drain, and from then on they go this way. */
  async moveIdle(mover: Mover): Promise<void> {
    this.#mover = mover;
  }

  adopt(moved: readonly MovedConnection[]): void {
    void this.#adopt(moved, null);
  }

  /** By the worker whose turn it is, or by another one when that is going; by the one that gave them up when there is no other. */
  async #adopt(moved: readonly MovedConnection[], from: WorkerProcess | null): Promise<void> {
    const all = this.#serving();
    const others = all.filter((w) => w !== from);
    const workers = others.length > 0 ? others : all;
    const first = this.#nextAdopter++;
    for (let i = 0; i < workers.length; i++) if (await workers[(first + i) % workers.length]!.adopt(moved)) return;
    this.#dropAll(moved);
  }

  async #moved(from: WorkerProcess, moved: readonly MovedConnection[]): Promise<void> {
    const taken = (await this.#mover?.move(moved)) ?? false;
    // Without a weir behind this one, one worker takes the place of another.
    if (!taken) await this.#adopt(moved, from);
  }

  #dropAll(moved: readonly MovedConnection[]): void {
    for (const { fd } of moved) this.#env.worker.linux.closeDescriptor(fd);
  }

  async drain({ delayMs: delay, patient = false }: DrainOptions = {}): Promise<void> {
    if (this.#state === "draining" || this.#state === "stopped") return;
    this.#state = "draining";
    this.#front.metrics.server.draining.value = 1;
    const { delayMs: configured, limitMs, tunnelsMs } = this.#model?.drain ?? { delayMs: 0, limitMs: 0, tunnelsMs: 0 };
    const delayMs = delay ?? configured;
    const empty = Promise.all(this.#slots.map((s) => s.end()));
    this.#tellAll({ kind: "drain", delayMs, patient, move: this.#mover !== null });
    // With a copy of its own open here, a socket that its worker has closed would go on taking connections that nobody serves.
    this.#sockets.close();
    const late = new Promise<void>((resolve) => {
      this.#env.worker.platform.setTimer(delayMs + Math.max(limitMs, tunnelsMs) + END_MS, resolve, true);
    });
    await Promise.race([empty, late]);
    await this.stop();
  }

  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    this.#watch?.cancel();
    const empty = Promise.all(this.#slots.map((s) => s.end()));
    this.#tellAll({ kind: "stop" });
    const killer = this.#env.worker.platform.setTimer(END_MS, () => this.#killAll(), true);
    await empty;
    killer.cancel();
    // A first config that workers were to be started with comes to nothing.
    this.#onStart?.([ENDING]);
    this.#sockets.close();
    await this.#sockets.clearPaths();
    this.#secrets.close();
    this.#plugins.kill();
    await this.#front.stop();
  }

  // ---- a config ----

  async #apply(model: Model): Promise<Receipt> {
    if (this.#state === "draining" || this.#state === "stopped") return this.refuse([ENDING]);
    const prepared = await this.#prepare(model);
    if (!("front" in prepared)) return this.refuse(prepared);
    this.#candidate = prepared;
    const problems = await this.#bringAll(model);
    this.#candidate = null;
    if (problems.length > 0) {
      prepared.sockets.undo();
      prepared.plugins.undo();
      await prepared.front.undo();
      return { generation: this.#generation, problems };
    }
    await this.#commit(prepared);
    return { generation: this.#generation, problems: [] };
  }

  async #prepare(model: Model): Promise<Prepared | readonly Problem[]> {
    const secrets = await this.#secrets.prepare(model);
    if (!("uses" in secrets)) return secrets;
    let sockets: PreparedSockets;
    try {
      sockets = await this.#sockets.prepare([...model.listeners.values(), ...model.udpListeners.values()]);
    } catch (e) {
      return [problem("listeners", e instanceof Error ? e.message : String(e))];
    }
    this.#told.tell(secretTexts(secrets));
    const front = await this.#front.prepare(frontModel(model));
    if (!("commit" in front)) {
      sockets.undo();
      return front.problems;
    }
    const plugins = await this.#plugins.prepare(model.plugins);
    if (plugins.problems.length === 0) return { model, front, sockets, secrets, plugins };
    sockets.undo();
    plugins.undo();
    await front.undo();
    return plugins.problems;
  }

  #bringAll(model: Model): Promise<readonly Problem[]> {
    if (this.#state === "starting") return this.#startAll();
    return modulesDiffer(this.#model!, model) ? this.#renewAll() : this.#offerAll();
  }

  /**
   * Other modules take other processes: one slot after the other gets one with the new config, and the one before drains. What the first
   * can't take is refused; from there on the config is in force, and a slot that fails starts anew with it.
   */
  async #renewAll(): Promise<readonly Problem[]> {
    let renewed = 0;
    for (const s of this.#slots) {
      this.#renewing = s;
      this.#refusal = [];
      const served = await s.renew();
      this.#renewing = null;
      if (served) renewed++;
      else if (renewed === 0)
        return this.#refusal.length > 0
          ? this.#refusal
          : [problem("", `a new worker ${s.index} ended before it served: see the log`)];
      else s.serving?.kill();
    }
    return [];
  }

  /** The first config: processes are started with it. */
  #startAll(): Promise<readonly Problem[]> {
    return new Promise((resolve) => {
      this.#onStart = (problems) => {
        if (problems.length === 0 && this.#slots.some((s) => s.serving === null)) return;
        this.#onStart = null;
        resolve(problems);
      };
      // One that hangs over its first config is killed like any other.
      if (this.#watch === null) this.#watchSoon();
      for (const s of this.#slots) s.start();
    });
  }

  /** All that serve make it, and none puts it in force before all could. */
  async #offerAll(): Promise<readonly Problem[]> {
    const workers = this.#serving();
    const answers = await Promise.all(workers.map((w) => this.#offer(w, this.#candidate!)));
    const refusal = answers.find((a) => a !== null && a.length > 0);
    if (refusal === undefined || refusal === null) return [];
    await Promise.all(workers.map((w) => w.undo()));
    return refusal;
  }

  #offer(w: WorkerProcess, { model, secrets, plugins }: Prepared): Promise<readonly Problem[] | null> {
    return w.prepare({
      ...this.#forWorker(w, model, plugins),
      sockets: w.pass(this.#sockets.of(w.index)),
      secrets: secretTexts(secrets),
      health: this.#env.board.records(),
    });
  }

  /** What a worker serves: all but the admin addresses, and its part of the clusters' caps. */
  #forWorker(
    w: WorkerProcess,
    model: Model,
    plugins: Pick<NextShared, "poolOf">,
  ): { readonly model: Model; readonly places: readonly ListenerPlace[] } {
    const { workers } = this.#env;
    const places = this.#env.worker.counts.places(namesOf(model), new Set(namesOf(this.#model ?? model)));
    return {
      model: {
        ...sharePlugins(shareBreakers(model, w.index, workers), w.index, workers, (name) => plugins.poolOf(name)),
        admin: null,
        observe: null,
      },
      places,
    };
  }

  async #commit({ model, front, sockets, secrets, plugins }: Prepared): Promise<void> {
    if (this.#state !== "starting") await Promise.all(this.#serving().map((w) => w.commit()));
    front.commit();
    retainNames(withInternalListeners(model), (group, names) => this.#env.numbers.retain(group, names));
    sockets.commit();
    this.#secrets.commit(secrets);
    plugins.commit();
    this.#model = model;
    this.#generation++;
    this.#state = "running";
  }

  /** A process that has just started gets the config in force, or the first one. */
  async #bring(w: WorkerProcess): Promise<boolean> {
    if (this.#state === "starting" || this.#renewing?.index === w.index) {
      const problems = (await this.#offer(w, this.#candidate!)) ?? [];
      this.#refusal = problems;
      if (problems.length > 0) this.#onStart?.(problems);
      else await w.commit();
      return problems.length === 0 && !w.gone;
    }
    const release = await this.#turns.take();
    try {
      if (this.#state !== "running") return false;
      const problems = await w.prepare({
        ...this.#forWorker(w, this.#model!, this.#plugins),
        sockets: w.pass(this.#sockets.of(w.index)),
        secrets: secretTexts(this.#secrets.inForce),
        health: this.#env.board.records(),
      });
      if (problems === null || problems.length > 0) {
        if (problems !== null)
          this.#env.log.log("error", "a new worker can't take the config in force", {
            worker: w.index,
            problems: problems.map((p) => p.message),
          });
        return false;
      }
      await w.commit();
      return !w.gone;
    } finally {
      release();
    }
  }

  /** The datagrams of a slot are another process's from now on. */
  async #goOn(w: WorkerProcess, before: WorkerProcess | null): Promise<void> {
    if (before !== null) {
      this.#sockets.shareDatagrams(true);
      await before.handOver();
      this.#sockets.shareDatagrams(false);
    }
    if (this.#reads) w.tell({ kind: "read" });
  }

  #secretsChanged(): void {
    const secrets: readonly SecretText[] = secretTexts(this.#secrets.inForce);
    this.#told.tell(secrets);
    void this.#front.secrets.look();
    this.#tellAll({ kind: "secrets", secrets });
  }

  async #renewPlugin(plugin: string): Promise<void> {
    const release = await this.#turns.take();
    try {
      if (this.#state === "running") await this.#plugins.renew(plugin, this.#serving());
    } finally {
      release();
    }
  }

  /** Results come in crowds: those of one turn are told together. */
  #healthChanged(r: HealthRecord): void {
    if (this.#health.push(r) > 1) return;
    queueMicrotask(() => {
      const records = this.#health;
      this.#health = [];
      this.#tellAll({ kind: "health", records });
    });
  }

  // ---- processes ----

  #changed(slot: WorkerSlot): void {
    if (this.#onStart !== null) {
      const failed = slot.serving === null;
      this.#onStart(failed ? [problem("", `worker ${slot.index} ended before it served: see the log`)] : []);
      return;
    }
    if (this.#state !== "running") return;
    if (slot.serving !== null) this.#unshare(slot);
    else this.#env.worker.platform.setTimer(SHARE_MS, () => this.#share(slot), true);
    // What the process that ended had taken over from others needs somebody else.
    for (const [other, by] of [...this.#shares]) {
      if (!by.gone) continue;
      this.#shares.delete(other);
      this.#share(other);
    }
  }

  #share(slot: WorkerSlot): void {
    if (this.#state !== "running" || slot.serving !== null || this.#shares.has(slot)) return;
    const n = this.#slots.length;
    const sibling = Array.from({ length: n - 1 }, (_, i) => this.#slots[(slot.index + 1 + i) % n]!.serving).find(
      (w) => w !== null,
    );
    const sockets = this.#sockets.onlyOf(slot.index);
    if (sibling === undefined || sibling === null || sockets.length === 0) return;
    this.#shares.set(slot, sibling);
    sibling.tell({ kind: "share", worker: slot.index, sockets: sibling.pass(sockets) });
    this.#env.log.log("warning", "a sibling serves what waits for a worker", { worker: slot.index, by: sibling.index });
  }

  #unshare(slot: WorkerSlot): void {
    const sibling = this.#shares.get(slot);
    if (sibling === undefined) return;
    this.#shares.delete(slot);
    sibling.tell({ kind: "unshare", worker: slot.index });
  }

  #watchSoon(): void {
    const { platform, processes } = this.#env.worker;
    this.#watch = platform.setTimer(WATCH_MS, () => {
      void this.#sockets.clearPaths();
      const { memory } = (this.#model ?? this.#candidate?.model)?.process.worker ?? UNLIMITED;
      for (const s of this.#slots) {
        for (const w of s.processes) {
          if (w.gone || platform.now() - w.lastBeat <= HANG_MS) continue;
          this.#env.log.log("error", "a worker hangs and is killed", { worker: w.index, pid: w.pid });
          w.kill();
        }
        const w = s.serving;
        const isLimited = memory.softBytes !== null || memory.hardBytes !== null;
        const rss = w === null || !isLimited ? null : processes.residentOf(w.pid);
        if (w === null || rss === null) continue;
        if (memory.hardBytes !== null && rss > memory.hardBytes) {
          this.#env.log.log("error", "a worker is over its memory limit and is killed", { worker: w.index, pid: w.pid, rss });
          w.kill();
        } else if (memory.softBytes !== null && rss > memory.softBytes) {
          this.#env.log.log("warning", "a worker is over its soft memory limit and is replaced", {
            worker: w.index,
            pid: w.pid,
            rss,
          });
          s.replace();
        }
      }
      this.#watchSoon();
    });
  }

  #serving(): WorkerProcess[] {
    return this.#slots.map((s) => s.serving).filter((w) => w !== null);
  }

  #tellAll(order: Parameters<WorkerProcess["tell"]>[0]): void {
    for (const s of this.#slots) for (const w of s.processes) w.tell(order);
  }

  #killAll(): void {
    for (const s of this.#slots) for (const w of s.processes) w.kill();
  }
}

const ENDING = problem("", "not taken: weir is draining");

function namesOf({ listeners, udpListeners }: Model): readonly string[] {
  return [...listeners.keys(), ...udpListeners.keys()];
}

/** What the supervisor does itself: it answers on the admin addresses, and checks hosts. */
function frontModel(model: Model): Model {
  const clusters = new Map([...model.clusters].filter(([, c]) => c.health !== null));
  return {
    ...model,
    overload: null,
    listeners: new Map(),
    udpListeners: new Map(),
    routeTables: new Map(),
    plugins: sourcePlugins(model.plugins, clusters),
    clusters,
    accessLogs: [],
  };
}

function problem(path: string, message: string): Problem {
  return { severity: "error", path, message, hint: "", place: null };
}
