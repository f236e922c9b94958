import type { PluginSpec } from "../../config/plugin_model.ts";
import type { Conn, ConnHandler, Timer } from "../../platform/types.ts";
import type { PluginMetrics } from "../../telemetry/plugin_metrics.ts";
import type { Message } from "../link/message_reader.ts";
import { METHOD_NOT_FOUND } from "../link/plugin_link.ts";
import { OwnProcesses } from "../process/own_processes.ts";
import type { PluginEnv } from "../process/plugin_env.ts";
import type { HostCalls } from "../process/plugin_pool.ts";
import type { PluginProcess } from "../process/plugin_process.ts";
import type { ProcessesOwner } from "../process/pool_process.ts";
import { compilePhases } from "../use/compiled_phases.ts";
import { OWN_NUMBERS } from "./marks.ts";
import type { PluginNews } from "./plugin_news.ts";
import { ProcessRelay } from "./process_relay.ts";
import { SharedSettings } from "./shared_settings.ts";

/** A worker, as the plugins in its supervisor see it. */
export interface PluginWorker {
  /** `fd`: goes with the news, and is closed here. */
  tellPlugins(news: PluginNews, fd: number | null): void;
}

export interface SharedPluginEnv extends PluginEnv {
  /** A stream with another process: its end here is opened, that of the other one is returned. Throws a ProxyError. */
  openStream(open: (c: Conn) => ConnHandler): number;
}

/**
 * The processes of one version of a plugin, in the supervisor of workers that are more than they: these share them. The supervisor starts
 * and watches them, and passes messages on.
 */
export class SharedPool implements ProcessesOwner<PluginProcess> {
  readonly number: number;
  readonly spec: PluginSpec;
  readonly settings: SharedSettings;
  readonly #env: SharedPluginEnv;
  readonly #calls: HostCalls;
  readonly #own: OwnProcesses;
  readonly #relays = new Map<PluginProcess, ProcessRelay>();
  /** Workers that take part, and the rest of their numbers. */
  readonly #workers = new Map<PluginWorker, number>();
  readonly #lates = new Map<PluginProcess, Timer>();
  readonly #onClosed: (p: SharedPool) => void;
  #hopeless = false;
  /** It goes when no worker takes part any more. */
  #superseded = false;
  #late: Timer | null = null;
  #closed = false;

  /** `onClosed`: no worker can take part any more. */
  constructor(
    number: number,
    spec: PluginSpec,
    env: SharedPluginEnv,
    metrics: PluginMetrics,
    calls: HostCalls,
    onClosed: (p: SharedPool) => void,
  ) {
    this.number = number;
    this.#onClosed = onClosed;
    this.spec = spec;
    this.#env = env;
    this.#calls = calls;
    this.#own = new OwnProcesses(spec, env, metrics, this, OWN_NUMBERS);
    this.settings = new SharedSettings(this.#own, env.platform);
  }

  /** What is wrong with it in the place of another version; null: nothing. Only after a good start. */
  lacking(before: SharedPool): string | null {
    if (this.#own.info.phases.endpoints !== undefined) return null;
    const isWatched = [...before.#relays.values()].some((r) => r.isWatched);
    return isWatched ? "it has the phase endpoints no more, and clusters name it" : null;
  }

  start(): Promise<string | null> {
    return this.#own.start();
  }

  /** `rest`: of the worker's numbers. */
  attach(w: PluginWorker, rest: number, id: number): void {
    this.#workers.set(w, rest);
    w.tellPlugins({ kind: "attached", id, rest, info: JSON.stringify(this.#own.info), hopeless: this.#hopeless }, null);
    for (const relay of this.#relays.values()) if (!relay.isRetired) this.#join(relay, w, rest);
  }

  /** The worker needs it no more, or is gone; its streams end by themselves. */
  detach(w: PluginWorker): void {
    if (!this.#workers.delete(w)) return;
    this.settings.forget(w);
    this.#closeWhenFree();
  }

  /** Another version has taken its place: when the last worker has gone there it ends, at the drain limit at the latest. */
  supersede(): void {
    if (this.#superseded) return;
    this.#superseded = true;
    this.#late = this.#env.platform.setTimer(this.spec.startMs + this.spec.drainMs, () => this.close());
    this.#closeWhenFree();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#late?.cancel();
    this.#own.close();
    this.#onClosed(this);
  }

  kill(): void {
    this.close();
    this.#own.kill();
  }

  // ---- ProcessesOwner ----

  onReady(p: PluginProcess): void {
    this.#hopeless = false;
    const relay = new ProcessRelay(p, this.#env, compilePhases(p.info, this.spec.bodyBytes).several);
    this.#relays.set(p, relay);
    for (const [w, rest] of this.#workers) this.#join(relay, w, rest);
  }

  onRetired(p: PluginProcess): void {
    this.#lates.set(
      p,
      this.#env.platform.setTimer(this.spec.drainMs, () => p.leave()),
    );
    this.#relays.get(p)?.retire();
  }

  onGone(p: PluginProcess, why: string): void {
    this.#lates.get(p)?.cancel();
    this.#lates.delete(p);
    this.#relays.get(p)?.gone(why);
    this.#relays.delete(p);
  }

  onHopeless(why: string): void {
    this.#hopeless = true;
    for (const w of this.#workers.keys()) w.tellPlugins({ kind: "hopeless", pool: this.number, why }, null);
  }

  onNotice(p: PluginProcess, method: string, params: Message, bytes: Uint8Array | null, line: Uint8Array): boolean {
    if (this.#relays.get(p)?.notice(params, line, bytes) === true) return true;
    this.#calls.notice(method, params);
    return false;
  }

  onRequest(
    p: PluginProcess,
    id: number | string,
    method: string,
    params: Message,
    bytes: Uint8Array | null,
    line: Uint8Array,
  ): void {
    const relay = this.#relays.get(p);
    // Clusters are the workers'.
    if (method === "http" && relay !== undefined) relay.request(id, line, bytes);
    else if (!this.#calls.request(p, id, method, params, bytes))
      p.link.refuse(id, METHOD_NOT_FOUND, `there is no method "${method}"`);
  }

  onUnasked(p: PluginProcess, id: unknown, line: Uint8Array, bytes: Uint8Array | null): boolean {
    return this.#relays.get(p)?.answer(id, line, bytes) ?? false;
  }

  #join(relay: ProcessRelay, w: PluginWorker, rest: number): void {
    const { index, pid, info } = relay.process;
    let fd: number;
    try {
      fd = this.#env.openStream((conn) => relay.join(conn, rest));
    } catch (e) {
      const reason = e instanceof Error ? e.message : String(e);
      this.#env.log.log("error", "a worker gets no stream to a plugin's process", { plugin: this.spec.name, reason });
      return;
    }
    w.tellPlugins({ kind: "process", pool: this.number, process: { index, pid, info: JSON.stringify(info) } }, fd);
  }

  #closeWhenFree(): void {
    if (this.#superseded && this.#workers.size === 0) this.close();
  }
}
