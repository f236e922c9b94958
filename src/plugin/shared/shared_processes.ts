import type { PluginSpec } from "../../config/plugin_model.ts";
import type { PluginMetrics } from "../../telemetry/plugin_metrics.ts";
import { OwnProcesses } from "../process/own_processes.ts";
import type { PluginEnv } from "../process/plugin_env.ts";
import { EVERY_NUMBER, type Numbering, type PluginProcesses, type ProcessesOwner } from "../process/pool_process.ts";
import type { InitializeResult } from "../protocol/initialize.ts";
import { numbersOf } from "./marks.ts";
import type { PluginDoor, PoolListener } from "./plugin_door.ts";
import type { SharedProcessFacts } from "./plugin_news.ts";
import { type SessionOwner, SessionProcess } from "./session_process.ts";

/**
 * Processes of a plugin that belong to the supervisor, as a worker has them. When the supervisor is gone, and with it its processes, the
 * worker starts some of its own, which are told the settings under the same numbers.
 */
export class SharedProcesses implements PluginProcesses, PoolListener, SessionOwner {
  readonly pool: number;
  readonly #spec: PluginSpec;
  readonly #env: PluginEnv;
  readonly #metrics: PluginMetrics;
  readonly #owner: ProcessesOwner;
  readonly #door: PluginDoor;
  readonly #sessions = new Set<SessionProcess>();
  /** Settings, by number, and how many uses have them. */
  readonly #configs = new Map<number, { readonly json: string; uses: number }>();
  #numbering: Numbering = EVERY_NUMBER;
  #info: InitializeResult | null = null;
  #hopeless = false;
  #closed = false;
  /** Only without a supervisor. */
  #own: OwnProcesses | null = null;

  constructor(spec: PluginSpec, pool: number, env: PluginEnv, metrics: PluginMetrics, owner: ProcessesOwner, door: PluginDoor) {
    this.#spec = spec;
    this.pool = pool;
    this.#env = env;
    this.#metrics = metrics;
    this.#owner = owner;
    this.#door = door;
  }

  get info(): InitializeResult {
    return this.#info!;
  }

  get isHopeless(): boolean {
    return this.#own?.isHopeless ?? this.#hopeless;
  }

  get numbering(): Numbering {
    return this.#numbering;
  }

  async start(): Promise<string | null> {
    const a = await this.#door.attach(this);
    return typeof a === "string" ? a : null;
  }

  async configure(json: string): Promise<number | string> {
    if (this.#own !== null) return await this.#own.configure(json);
    const number = await this.#door.configure(this.pool, json);
    if (typeof number === "string") return number;
    const known = this.#configs.get(number);
    if (known === undefined) this.#configs.set(number, { json, uses: 1 });
    else known.uses++;
    return number;
  }

  unconfigure(number: number): void {
    const known = this.#configs.get(number);
    if (known !== undefined && --known.uses > 0) {
      if (this.#own === null) this.#door.unconfigure(this.pool, number);
      return;
    }
    this.#configs.delete(number);
    if (this.#own !== null) this.#own.unconfigure(number);
    else if (known !== undefined) this.#door.unconfigure(this.pool, number);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#own?.close();
    for (const p of [...this.#sessions]) this.#owner.onRetired(p);
    this.#detachWhenFree();
  }

  kill(): void {
    this.#own?.kill();
    for (const p of [...this.#sessions]) p.leave();
  }

  // ---- PoolListener ----

  onAttached(rest: number, info: string, hopeless: boolean): void {
    this.#numbering = numbersOf(rest);
    this.#info = JSON.parse(info) as InitializeResult;
    this.#hopeless = hopeless;
  }

  onProcess(facts: SharedProcessFacts, fd: number): void {
    if (this.#closed) {
      this.#door.drop(fd);
      return;
    }
    this.#hopeless = false;
    const { flusher } = this.#env;
    flusher.enter();
    let made: SessionProcess | null = null;
    this.#door.adopt(fd, (conn) => {
      made = new SessionProcess(conn, facts, this.#numbering, this.#env, this.#spec.messageBytes, this, this.#owner);
      return made;
    });
    this.#sessions.add(made!);
    this.#owner.onReady(made!);
    flusher.leave();
  }

  onHopeless(why: string): void {
    this.#hopeless = true;
    this.#owner.onHopeless(why);
  }

  orphaned(): void {
    if (this.#closed || this.#info === null) return;
    const { log } = this.#env;
    log.log("warning", "a plugin's processes went with the supervisor: this worker starts its own", { plugin: this.#spec.name });
    const spec: PluginSpec = { ...this.#spec, part: { first: 0, pool: null } };
    this.#own = new OwnProcesses(spec, this.#env, this.#metrics, this.#owner);
    this.#own.resume(this.#info, new Map([...this.#configs].map(([number, { json }]) => [number, json])));
  }

  // ---- SessionOwner ----

  onRetired(p: SessionProcess): void {
    if (!this.#closed) this.#owner.onRetired(p);
  }

  onGone(p: SessionProcess, why: string): void {
    this.#sessions.delete(p);
    this.#owner.onGone(p, why);
    if (this.#closed) this.#detachWhenFree();
  }

  #detachWhenFree(): void {
    if (this.#sessions.size === 0) this.#door.detach(this);
  }
}
