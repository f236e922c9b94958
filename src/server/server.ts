import { Slab } from "../base/slab.ts";
import { TimerWheel } from "../base/timer_wheel.ts";
import { Turns } from "../base/turns.ts";
import type { ListenerSpec, Model } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import type { Receipt } from "../config/source.ts";
import type { Handler } from "../exchange/web.ts";
import { AccessLogs } from "../export/access_logs.ts";
import { watchLoopLag } from "../export/loop_lag.ts";
import { createMetricsRenderer } from "../export/prometheus.ts";
import type { ScrapedMetric } from "../export/scraped_metric.ts";
import type { FilterEnv } from "../filter/types.ts";
import { type ModuleFilterEnv, provisionModule } from "../filters/module/kind.ts";
import type { Platform } from "../platform/types.ts";
import type { KeyStore } from "../plugin/calls/key_store.ts";
import type { Plugins } from "../plugin/plugins.ts";
import type { PluginDoor } from "../plugin/shared/plugin_door.ts";
import type { EventLog } from "../telemetry/event_log.ts";
import type { Metrics, TlsMetrics } from "../telemetry/metrics.ts";
import { VerifiedChains } from "../tls/peer/verified_chains.ts";
import { type CertsStatus, certsStatus } from "../tls/store/certs_status.ts";
import { diskSecrets, type SecretFiles } from "../tls/store/secret_files.ts";
import { TlsSecrets } from "../tls/store/tls_secrets.ts";
import type { EndpointSource, OpenEndpoints } from "../upstream/discovery/endpoint_source.ts";
import { ListedEndpoints } from "../upstream/discovery/listed_endpoints.ts";
import { HealthBoard, type HealthRecord } from "../upstream/health/health_board.ts";
import { HealthPlace } from "../upstream/health/health_place.ts";
import { Flusher } from "../wire/flusher.ts";
import type { LinkEnv } from "../wire/link.ts";
import { type AdminView, adminApp, observeApp } from "./admin/admin_app.ts";
import { ClusterTable, type NextClusters } from "./cluster_table.ts";
import { compileSites } from "./compile.ts";
import { ConnectionCaps } from "./connection_caps.ts";
import type { ConnectionCounts } from "./counts/connection_counts.ts";
import { provisionFilter } from "./filter_kinds.ts";
import { ADMIN_HANDLER, bindLabel, isInternal, OBSERVE_HANDLER, withInternalListeners } from "./internal_listeners.ts";
import { filterEnv, KeptFilters, type Provision, routesOf } from "./kept_filters.ts";
import { lackingProblems } from "./lacking.ts";
import { ListenerChange } from "./listener_change.ts";
import { type ListenerEnv, ListenerRuntime } from "./listener_runtime.ts";
import type { ListenerSite } from "./listener_site.ts";
import { moduleEnv } from "./modules/module_env.ts";
import { type LoadModule, ModuleTable } from "./modules/module_table.ts";
import { MOVE_AT_ONCE, type MovedConnection, type Mover } from "./moving/moved_connection.ts";
import { retainNames } from "./numbers/retain_names.ts";
import { ownNumbers, type ServerNumbers } from "./numbers/server_numbers.ts";
import { OverloadMonitor } from "./overload/overload_monitor.ts";
import { ownFetch } from "./own_fetch.ts";
import { createPlugins } from "./plugins/create_plugins.ts";
import { openPluginEndpoints, sourceProblems } from "./plugins/plugin_sources.ts";
import { sameSocket } from "./same_socket.ts";
import type { DrainOptions, Serving } from "./serving.ts";
import { type HeldSocket, HeldSockets } from "./sockets/held_socket.ts";
import type { ListenSockets } from "./sockets/listen_sockets.ts";
import { OwnSockets } from "./sockets/own_sockets.ts";
import type { Status } from "./status.ts";
import type { TlsEnv } from "./tls/listener_tls.ts";
import { ModelTls } from "./tls/model_tls.ts";
import { type PreparedUdp, UdpListeners } from "./udp/udp_listeners.ts";

export interface ServerEnv {
  readonly platform: Platform;
  /** Absent: its own. */
  readonly numbers?: ServerNumbers;
  /** What the metrics page tells of other processes. */
  readonly processes?: readonly ScrapedMetric[];
  /** Number of the config that a predecessor had in force. */
  readonly generation?: number;
  /** What the admin addresses tell of; absent: this server. */
  readonly view?: AdminView;
  /** What connections are counted in; absent: they are counted for this process alone. */
  readonly counts?: ConnectionCounts;
  /** Absent: this process opens its own. */
  readonly sockets?: ListenSockets;
  /** Where certificates come from; the disk when absent. */
  readonly secretFiles?: SecretFiles;
  /** Where rotations of certificates are counted; absent: among the numbers. */
  readonly tlsMetrics?: TlsMetrics;
  /** Absent: this process checks hosts, and begins with knowing none. */
  readonly health?: HealthPlace;
  /** Sources of endpoints other than the config and DNS; absent: such clusters have no hosts. */
  readonly openEndpoints?: OpenEndpoints;
  /** How modules are loaded into this process; absent: they run in others. */
  readonly loadModule?: LoadModule;
  /** Weir's own environment, of which plugins get a part; absent: they get none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What plugins have in this worker's supervisor; absent: there is none. */
  readonly pluginDoor?: PluginDoor;
  /** Where values of plugins are, but for a worker's; absent: in this server. */
  readonly pluginStore?: (plugin: string) => KeyStore;
  /** What makes filters of their settings, but for plugins; absent: those that are built in. */
  readonly provision?: Provision;
  readonly log: EventLog;
  readonly build: { readonly version: string; readonly commit: string };
}

/** A config whose every part is made. One of the two has to be called, once. */
export interface PreparedModel {
  /** In one turn: from here on it is in force. */
  commit(): Receipt;
  undo(): Promise<void>;
}

/**
 * A weir of one worker: takes models, and keeps listeners, clusters and connections in step with them.
 *
 *   starting ──first model──▶ running ──drain──▶ draining ──▶ stopped
 */
export class Server implements AdminView, Serving {
  readonly metrics: Metrics;
  readonly accessLogs: AccessLogs;
  readonly secrets: TlsSecrets;
  readonly #env: ServerEnv;
  readonly #sockets: ListenSockets;
  readonly #numbers: ServerNumbers;
  readonly #link: LinkEnv;
  readonly #health: HealthPlace;
  readonly #slab = new Slab();
  readonly #listeners = new Map<string, ListenerRuntime>();
  /** Removed by a reload, with connections that end on their own. */
  readonly #leaving = new Set<ListenerRuntime>();
  readonly #udp: UdpListeners;
  /** null: there are no processes to be had. */
  readonly #plugins: Plugins | null;
  readonly #filters: KeptFilters;
  readonly #modules: ModuleTable;
  readonly #moduleEnv: Omit<ModuleFilterEnv, keyof FilterEnv>;
  readonly #overload: OverloadMonitor;
  readonly #clusters: ClusterTable;
  /** null: the runtime can't have TLS. */
  readonly #tlsEnv: TlsEnv | null;
  readonly #handlers: Map<string, Handler>;
  readonly #render: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly #startedAt: number;
  readonly #fileLimit: number | null;
  #caps: ConnectionCaps | null = null;
  #state: Status["state"] = "starting";
  /** It drains, and what is idle may stay: others serve. */
  #patient = false;
  #model: Model | null = null;
  #generation = 0;
  readonly #turns = new Turns();

  constructor(env: ServerEnv) {
    this.#env = env;
    const { platform } = env;
    this.#numbers = env.numbers ?? ownNumbers();
    this.metrics = this.#numbers.metrics;
    this.#sockets = env.sockets ?? new OwnSockets(platform, new HeldSockets([]));
    this.#health = env.health ?? new HealthPlace(new HealthBoard(), true);
    this.#overload = new OverloadMonitor({
      platform,
      log: env.log,
      metrics: this.metrics.overload,
      connections: () => this.#caps?.counts.total.value ?? 0,
    });
    const { shedding } = this.#overload;
    this.#udp = new UdpListeners({ platform, sockets: this.#sockets, shedding }, env.log);
    const provision = env.provision ?? provisionFilter;
    this.#filters = new KeptFilters(filterEnv(platform), (spec, e) =>
      spec.kind === "plugin"
        ? (this.#plugins?.provision(spec) ?? [])
        : spec.kind === "module"
          ? provisionModule(spec, this.#modules.get(spec.module.path)!, { ...e, ...this.#moduleEnv })
          : provision(spec, e),
    );
    const flusher = new Flusher(() => platform.now(), platform.afterTurn);
    this.#link = {
      flusher,
      wheel: new TimerWheel(
        () => platform.now(),
        (ms, f) => platform.setTimer(ms, f),
      ),
    };
    const { log } = env;
    const openEndpoints: OpenEndpoints = (spec, e) =>
      openPluginEndpoints(spec, e, this.#plugins) ?? (env.openEndpoints ?? openNone)(spec, e);
    const clusterEnv = { platform, link: this.#link, slab: this.#slab, log, openEndpoints, health: this.#health };
    this.#clusters = new ClusterTable(clusterEnv, this.metrics);
    const fetch = ownFetch(this.#link, () => this.#clusters.all);
    this.#moduleEnv = moduleEnv(env.log, fetch);
    this.#plugins = createPlugins({
      platform,
      link: this.#link,
      log: env.log,
      numbers: this.metrics.numbers,
      env: env.env ?? {},
      version: env.build.version,
      fetch,
      supervisor: env.pluginDoor ?? null,
      store: env.pluginStore ?? null,
    });
    this.accessLogs = new AccessLogs(this.metrics, { platform, log: env.log });
    this.secrets = new TlsSecrets({
      platform,
      log: env.log,
      metrics: env.tlsMetrics ?? this.metrics.tls,
      files: env.secretFiles ?? diskSecrets,
    });
    this.#tlsEnv =
      platform.tls === null
        ? null
        : {
            tls: platform.tls,
            secrets: this.secrets,
            known: new VerifiedChains(),
            log: env.log,
            wallNow: () => platform.wallNow(),
          };
    this.#render = createMetricsRenderer(this.#numbers.shown, env.processes);
    this.#handlers = new Map([
      [ADMIN_HANDLER, adminApp(env.view ?? this)],
      [OBSERVE_HANDLER, observeApp(env.view ?? this)],
    ]);
    this.#generation = env.generation ?? 0;
    this.#modules = new ModuleTable(env.loadModule ?? null);
    this.#startedAt = platform.now();
    this.#fileLimit = platform.os === null ? null : platform.os.raiseFileLimit();
    this.metrics.server.describeBuild(env.build.version, platform.name);
    watchLoopLag(platform, this.metrics.server.loopLag);
  }

  get ready(): boolean {
    return this.#state === "running";
  }

  get model(): Model | null {
    return this.#model;
  }

  /** Takes a config: all of it is in force when this resolves without problems, nothing of it otherwise. */
  async apply(model: Model): Promise<Receipt> {
    const prepared = await this.prepare(model);
    return "commit" in prepared ? prepared.commit() : prepared;
  }

  /**
   * Makes all that a config needs, its sockets included, and puts nothing of it in force: or says why it can't. One at a time: the next
   * one waits until this one is committed or undone.
   */
  async prepare(model: Model): Promise<PreparedModel | Receipt> {
    const release = await this.#turns.take();
    try {
      const prepared = await this.#prepare(model, release);
      if (!("commit" in prepared)) release();
      return prepared;
    } catch (e) {
      release();
      throw e;
    }
  }

  refuse(problems: readonly Problem[]): Receipt {
    this.metrics.server.reloadRefused();
    return { generation: this.#generation, problems };
  }

  reopenLogs(): void {
    this.accessLogs.reopen();
  }

  countThrow(): void {
    this.metrics.server.callbackThrows.add(1);
  }

  heldSockets(): readonly HeldSocket[] {
    return [...[...this.#listeners.values()].flatMap((l) => l.heldSockets()), ...this.#udp.heldSockets()];
  }

  readDatagrams(): void {
    this.#udp.read();
  }

  handOverDatagrams(alone: boolean): void {
    this.#udp.handOver(alone);
  }

  async succeeded(): Promise<void> {
    this.handOverDatagrams(true);
    for (const l of this.#listeners.values()) {
      l.keepPath();
      // Only the successor can tell how weir is; all others go on until the drain.
      if (isInternal(l.spec.name)) void l.unbind();
    }
  }

  /** Gives up to `most` idle connections, for a process that goes on with the listeners. */
  giveUpIdle(most: number): MovedConnection[] {
    const moved: MovedConnection[] = [];
    for (const l of this.#listeners.values()) if (!isInternal(l.spec.name)) moved.push(...l.giveUpIdle(most - moved.length));
    return moved;
  }

  async moveIdle(mover: Mover): Promise<void> {
    for (let moved = this.giveUpIdle(MOVE_AT_ONCE); moved.length > 0; moved = this.giveUpIdle(MOVE_AT_ONCE)) {
      if (await mover.move(moved)) continue;
      // Nobody takes them: they end here, as they would have otherwise.
      this.adopt(moved);
      return;
    }
    // Those whose reply had begun without a word of a close come to rest later.
    this.#env.platform.setTimer(MOVE_AGAIN_MS, () => this.#patient && void this.moveIdle(mover));
  }

  adopt(moved: readonly MovedConnection[]): void {
    for (const m of moved) {
      try {
        const l = this.#listeners.get(m.listener);
        if (l === undefined) this.#env.platform.linux?.closeDescriptor(m.fd);
        else l.adopt(m);
      } catch (e) {
        this.#env.log.log("warning", "a connection of the process before is lost", { listener: m.listener, reason: String(e) });
      }
    }
  }

  /** Accepts what waits in a sibling's sockets, of listeners that are here. */
  async share(worker: number, held: readonly HeldSocket[]): Promise<void> {
    for (const s of held) {
      try {
        const l = s.bind.kind === "udp" ? this.#udp.get(s.listener) : this.#listeners.get(s.listener);
        if (l === undefined) this.#env.platform.linux?.closeDescriptor(s.fd);
        else await l.share(worker, [s]);
      } catch (e) {
        this.#env.log.log("error", "a sibling's socket can't be served", { listener: s.listener, reason: String(e) });
      }
    }
  }

  async unshare(worker: number): Promise<void> {
    this.#udp.unshare(worker);
    await Promise.all([...this.#listeners.values()].map((l) => l.unshare(worker)));
  }

  healthRecords(): readonly HealthRecord[] {
    return this.#health.board.records();
  }

  /** A page of metrics in Prometheus' text format. */
  metricsPage(): Promise<{ readonly contentType: string; readonly body: string }> {
    return this.#render();
  }

  certs(): CertsStatus {
    return certsStatus(this.secrets, this.#env.platform.wallNow());
  }

  status(): Status {
    return {
      name: this.#model?.name ?? "",
      version: this.#env.build.version,
      runtime: this.#env.platform.name,
      pid: process.pid,
      state: this.#state,
      generation: this.#generation,
      uptimeSeconds: Math.round((this.#env.platform.now() - this.#startedAt) / 1000),
      listeners: [
        ...[...this.#listeners.values()].map((l) => ({
          name: l.spec.name,
          address: bindLabel(l.address),
          connections: l.connections,
        })),
        ...this.#udp.status(),
      ],
      clusters: [...this.#clusters.values()].map((c) => ({ name: c.name, hosts: c.showHosts() })),
    };
  }

  /**
   * Stops in order: not ready, accepting on for the delay, then no new connections and the end of those that are there, by the limit at
   * the latest. Resolves when nothing is left.
   */
  async drain({ delayMs: delay, patient }: DrainOptions = {}): Promise<void> {
    if (this.#state === "draining" && this.#patient && patient !== true) {
      // A worker that was told by itself, and now with all others: nobody is left who would take what it has.
      this.#patient = false;
      this.#env.platform.setTimer(ON_THE_WAY_MS, () => this.#closeIdle([...this.#listeners.values(), ...this.#leaving]), true);
    }
    if (this.#state === "draining" || this.#state === "stopped") return;
    this.#state = "draining";
    this.#patient = patient === true;
    this.metrics.server.draining.value = 1;
    const { limitMs, tunnelsMs, delayMs: configured } = this.#model?.drain ?? NO_DRAIN;
    const delayMs = delay ?? configured;
    this.#env.log.log("info", "draining", { delayMs, limitMs, tunnelsMs });
    const all = [...this.#listeners.values(), ...this.#leaving];
    // The admin address answers to the end, unless somebody else answers there already.
    const serving = patient === true ? all : all.filter((l) => !isInternal(l.spec.name));
    for (const l of serving) l.announce();
    await this.#sleep(delayMs);
    await Promise.all(serving.map((l) => l.unbind()));
    this.#udp.drain();
    const done = Promise.all([...serving.map((l) => l.emptied()), this.#udp.emptied()]);
    const { platform } = this.#env;
    const cuts = [
      ...(patient === true ? [] : [platform.setTimer(Math.min(ON_THE_WAY_MS, limitMs), () => this.#closeIdle(serving), true)]),
      platform.setTimer(limitMs, () => this.#cut(serving, "requests", limitMs), true),
      platform.setTimer(tunnelsMs, () => this.#cut(serving, "tunnels", tunnelsMs), true),
    ];
    await Promise.race([done, this.#sleep(Math.max(limitMs, tunnelsMs) + CUT_MS)]);
    for (const c of cuts) c.cancel();
    await this.stop();
  }

  #closeIdle(listeners: readonly ListenerRuntime[]): void {
    for (const l of listeners) l.closeIdle();
  }

  #cut(listeners: readonly ListenerRuntime[], what: "requests" | "tunnels", limitMs: number): void {
    this.#env.log.log("warning", `cutting ${what} that did not end within the drain's time`, { limitMs });
    for (const l of listeners) l.cut(what);
    if (what === "tunnels") this.#udp.cut();
  }

  /** Cuts everything and closes. */
  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    this.#patient = false;
    const all = [...this.#listeners.values(), ...this.#leaving];
    for (const l of all) l.abort();
    await Promise.all([...all.map((l) => l.unbind()), this.#udp.stop()]);
    this.#filters.close();
    this.#plugins?.kill();
    this.#clusters.close();
    this.#overload.close();
    this.secrets.close();
    this.#link.wheel.close();
    await this.accessLogs.close();
  }

  #sleep(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => this.#env.platform.setTimer(ms, resolve, true));
  }

  async #prepare(given: Model, release: () => void): Promise<PreparedModel | Receipt> {
    if (this.#state === "draining" || this.#state === "stopped") return this.refuse([problem("", "not taken: weir is draining")]);
    const model = withInternalListeners(given);
    const lacking = lackingProblems(model, this.#env.platform);
    if (lacking.length > 0) return this.refuse(lacking);
    const modules = await this.#modules.prepare(model);
    if (!("get" in modules)) return this.refuse([...modules]);
    const secrets = await this.secrets.prepare(model);
    if (!("uses" in secrets)) return this.refuse([...secrets]);
    const tls = new ModelTls(model, { listeners: this.#listeners, clusters: this.#clusters.tls }, this.#tlsEnv, secrets);
    if (tls.problems.length > 0) {
      tls.undo();
      return this.refuse(tls.problems);
    }
    this.#caps ??= new ConnectionCaps(model.process, this.#fileLimit, this.#env.counts);
    const clusters = this.#clusters.prepare(model.clusters, tls.clusters);
    const { made } = clusters;
    const plugins = await this.#plugins?.prepare(model.plugins);
    const refused = [...(plugins?.problems ?? []), ...sourceProblems(model, this.#plugins)];
    const filters = await this.#filters.prepare(refused.length > 0 ? [] : routesOf(model));
    const notHad = [...refused, ...filters.problems];
    if (notHad.length > 0) {
      filters.undo();
      plugins?.undo();
      for (const c of made) c.close();
      tls.undo();
      return this.refuse(notHad);
    }
    const compileEnv = {
      link: this.#link,
      log: this.#env.log,
      slab: this.#slab,
      metrics: this.metrics,
      clusters: clusters.all,
      handlers: this.#handlers,
      chain: filters.chain,
      shedding: this.#overload.shedding,
      modules,
      files: this.#env.platform.files,
      accessLog: model.accessLogs.length === 0 ? null : this.accessLogs,
      wall: () => this.#env.platform.wallNow(),
    };
    const sites = compileSites(model, compileEnv);
    for (const c of made) c.start();
    await Promise.all(made.map((c) => c.ready));
    const change = new ListenerChange(this.#listeners, model.listeners, sameSocket, this.#sockets.exclusive);
    const env: ListenerEnv = {
      platform: this.#env.platform,
      sockets: this.#sockets,
      log: this.#env.log,
      caps: this.#caps,
      server: this.metrics.server,
      shedding: this.#overload.shedding,
    };
    const logs = this.accessLogs.prepare(model.accessLogs);
    // Before anything is taken away: an address that can't be had refuses the config and costs nothing.
    const problems = await change.bind(
      (spec) =>
        new ListenerRuntime(env, spec, sites.get(spec.name)!, tls.listeners.get(spec.name) ?? null, isInternal(spec.name)),
    );
    const udp = problems.length > 0 ? null : await this.#udp.prepare(model, compileEnv, this.#caps.counts);
    const undo = async (): Promise<void> => {
      await change.undo(this.#env.log);
      await udp?.undo();
      logs.undo();
      filters.undo();
      plugins?.undo();
      for (const c of made) c.close();
      tls.undo();
    };
    if (udp === null || udp.problems.length > 0) {
      await undo();
      return this.refuse([...problems, ...(udp?.problems ?? [])]);
    }
    return {
      commit: () => {
        this.secrets.commit(secrets);
        plugins?.commit();
        filters.commit();
        logs.commit();
        this.#commit(model, sites, change, udp, clusters, tls);
        release();
        return { generation: this.#generation, problems: [] };
      },
      undo: async () => {
        await undo();
        this.metrics.server.reloadRefused();
        release();
      },
    };
  }

  #commit(
    model: Model,
    sites: ReadonlyMap<string, ListenerSite>,
    change: ListenerChange<ListenerSpec, ListenerRuntime>,
    udp: PreparedUdp,
    clusters: NextClusters,
    tls: ModelTls,
  ): void {
    this.#listeners.clear();
    for (const l of change.leaving) this.#leave(l);
    for (const [name, l] of change.kept) {
      const before = l.spec.name;
      l.become(model.listeners.get(name)!, sites.get(name)!, tls.listeners.get(name) ?? null);
      this.#listeners.set(name, l);
      if (before !== name)
        this.#env.log.log("info", "listener renamed", { listener: name, before, address: bindLabel(l.address) });
    }
    for (const l of change.bound) {
      this.#listeners.set(l.spec.name, l);
      this.#env.log.log("info", "listening", { listener: l.spec.name, address: bindLabel(l.address) });
    }
    udp.commit();
    this.#clusters.commit(model.clusters, clusters, tls.clusters);
    const checked = new Set([...model.clusters.values()].filter((c) => c.health !== null).map((c) => c.name));
    this.#health.board.retain(checked);
    this.#caps!.update(model.process);
    this.#overload.apply(model.overload);
    retainNames(model, (group, names) => this.#numbers.retain(group, names));
    this.#model = model;
    this.#generation++;
    this.#state = "running";
    this.metrics.server.reloaded(this.#generation, this.#env.platform.wallNow());
  }

  #leave(l: ListenerRuntime): void {
    this.#leaving.add(l);
    const { limitMs, tunnelsMs } = this.#model?.drain ?? NO_DRAIN;
    const { platform } = this.#env;
    const cuts = [platform.setTimer(limitMs, () => l.cut("requests")), platform.setTimer(tunnelsMs, () => l.cut("tunnels"))];
    void l
      .unbind()
      .then(() => {
        l.closeIdle();
        return l.emptied();
      })
      .then(() => {
        for (const c of cuts) c.cancel();
        this.#leaving.delete(l);
      });
  }
}

/** Who has just connected has not asked yet: so long after the last accept, what has nothing in flight is closed. */
const ON_THE_WAY_MS = 500;
/** What was cut is closed on a later turn. */
const CUT_MS = 1_000;
/** Between two looks for connections that came to rest while their process drains. */
const MOVE_AGAIN_MS = 250;
const NO_DRAIN = { delayMs: 0, limitMs: 0, tunnelsMs: 0 };

function openNone(): EndpointSource {
  return new ListedEndpoints([]);
}

function problem(path: string, message: string): Problem {
  return { severity: "error", path, message, hint: "", place: null };
}
