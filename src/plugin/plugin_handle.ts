import type { PluginSpec, PluginUseSpec } from "../config/plugin_model.ts";
import type { FilterExchange, FilterFactory } from "../filter/types.ts";
import type { EndpointWatch } from "./endpoints/endpoint_watches.ts";
import type { PluginEnv } from "./process/plugin_env.ts";
import type { PluginPool } from "./process/plugin_pool.ts";
import { BoundUse } from "./use/plugin_factory.ts";

/** Makes the processes of a plugin. */
export type MakePool = (spec: PluginSpec) => PluginPool;

/** What a cluster watches, and where. */
interface Watched {
  readonly watch: EndpointWatch;
  pool: PluginPool;
  number: number;
}

/** A use with the processes that it has now, and those of a config or an executable to come. */
interface Use {
  readonly spec: PluginUseSpec;
  bound: BoundUse;
  next: BoundUse | null;
}

/**
 * One plugin through all its versions: when its spec or its executable changes, new processes are started and told all settings; requests
 * that come from then on are theirs, and the old ones go when theirs are over. Where the new ones won't start the old ones stay.
 */
export class PluginHandle {
  readonly #env: PluginEnv;
  readonly #make: MakePool;
  readonly #uses = new Set<Use>();
  readonly #watched = new Set<Watched>();
  #pool: PluginPool | null = null;
  #next: PluginPool | null = null;
  #watch: { close(): void } | null = null;
  #closed = false;
  /** Configs whose processes start. */
  #preparing = 0;
  /** Processes of another executable start. */
  #replacing: Promise<void> | null = null;

  constructor(env: PluginEnv, make: MakePool) {
    this.#env = env;
    this.#make = make;
  }

  /** The spec in force; null: none yet. */
  get spec(): PluginSpec | null {
    return this.#pool?.spec ?? null;
  }

  get pids(): readonly number[] {
    return this.#pool?.pids ?? [];
  }

  /** Whether it tells endpoints, in the version that is to come into force if there is one. null: there is none at all. */
  get tellsEndpoints(): boolean | null {
    const pool = this.#next ?? this.#pool;
    return pool === null ? null : pool.info.phases.endpoints !== undefined;
  }

  /** Starts the processes of a spec that is to come into force with `commit`. Resolves to what is wrong; null: nothing. */
  async prepare(spec: PluginSpec): Promise<string | null> {
    this.#preparing++;
    await this.#replacing;
    const why = await this.#prepare(spec);
    this.#preparing--;
    return why;
  }

  async #prepare(spec: PluginSpec): Promise<string | null> {
    const pool = this.#make(spec);
    const why = (await pool.start()) ?? (await this.#configureAll(pool));
    if (why !== null) {
      pool.close();
      this.#undoUses();
      return why;
    }
    this.#next = pool;
    return null;
  }

  commit(): void {
    const pool = this.#next;
    if (pool === null) return;
    const before = this.#pool;
    this.#next = null;
    this.#pool = pool;
    for (const u of this.#uses) if (u.next !== null) this.#swap(u, u.next);
    for (const w of this.#watched) moveWatch(w, pool);
    before?.close();
    this.#watchAnew();
  }

  undo(): void {
    this.#undoUses();
    this.#next?.close();
    this.#next = null;
  }

  /** A place in a route. Resolves to what is wrong with its settings, as text. Its factory is closed when no config has it any more. */
  async use(spec: PluginUseSpec): Promise<FilterFactory | string> {
    const pool = this.#next ?? this.#pool;
    if (pool === null) return "the plugin does not run";
    const made = await this.#bind(pool, spec);
    if (typeof made === "string") return made;
    const use: Use = { spec, bound: made, next: null };
    this.#uses.add(use);
    return {
      open: (x: FilterExchange) => use.bound.open(x),
      close: () => {
        this.#uses.delete(use);
        use.bound.close();
        use.next?.close();
      },
    };
  }

  /** Endpoints of a cluster, from whatever processes there are, until it is closed. null: there are none. */
  watchEndpoints(watch: EndpointWatch): { close(): void } | null {
    const pool = this.#next ?? this.#pool;
    if (pool === null) return null;
    const w: Watched = { watch, pool, number: pool.endpoints.add(watch) };
    this.#watched.add(w);
    return {
      close: () => {
        if (this.#watched.delete(w)) w.pool.endpoints.remove(w.number);
      },
    };
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
    this.#next?.close();
    this.#pool?.close();
  }

  kill(): void {
    this.close();
    this.#next?.kill();
    this.#pool?.kill();
  }

  async #bind(pool: PluginPool, { config, timeoutMs, onFailure }: PluginUseSpec): Promise<BoundUse | string> {
    const number = config === null ? 0 : await pool.configure(config);
    if (typeof number === "string") return number;
    const { spec } = pool;
    return new BoundUse(pool, number, {
      timeoutMs: timeoutMs ?? spec.timeoutMs,
      onFailure: onFailure ?? spec.onFailure,
      log: this.#env.log,
    });
  }

  async #configureAll(pool: PluginPool): Promise<string | null> {
    for (const u of this.#uses) {
      const made = await this.#bind(pool, u.spec);
      if (typeof made === "string") return made;
      u.next = made;
    }
    return null;
  }

  #undoUses(): void {
    for (const u of this.#uses) {
      u.next?.close();
      u.next = null;
    }
  }

  #swap(u: Use, next: BoundUse): void {
    u.bound.close();
    u.bound = next;
    u.next = null;
  }

  /** The supervisor's processes of the plugin are others now. */
  async swap(pool: number): Promise<void> {
    const spec = this.#pool?.spec;
    if (this.#closed || spec?.part === undefined) return;
    const why = await this.#prepare({ ...spec, part: { ...spec.part, pool } });
    if (why === null) this.commit();
    else
      this.#env.log.log("error", "a plugin's new processes can't be used: the old ones go on for a while", {
        plugin: spec.name,
        reason: why,
      });
  }

  #watchAnew(): void {
    this.#watch?.close();
    const { spec } = this.#pool!;
    // What the supervisor starts it also watches.
    if (spec.part !== undefined && spec.part.pool !== null) return;
    this.#watch = this.#env.watchProgram(spec, () => {
      this.#replacing ??= this.#replace(spec).finally(() => {
        this.#replacing = null;
      });
    });
  }

  /** Of the same config, so that clusters go on to name it. */
  async #prepareSuccessor(spec: PluginSpec): Promise<string | null> {
    const why = await this.#prepare(spec);
    if (why !== null || this.#watched.size === 0 || this.tellsEndpoints === true) return why;
    this.undo();
    return "it has the phase endpoints no more, and clusters name it";
  }

  /** The executable on disk is another one. */
  async #replace(spec: PluginSpec): Promise<void> {
    // A config that is being prepared starts the new one as well.
    if (this.#closed || this.#preparing > 0 || this.#next !== null || this.#pool?.spec !== spec) return;
    const { log } = this.#env;
    const why = await this.#prepareSuccessor(spec);
    if (this.#closed) return;
    if (why === null) {
      this.commit();
      log.log("info", "a plugin's program changed: new processes took over", { plugin: spec.name });
    } else {
      log.log("error", "a plugin's program changed and does not start: the old one goes on", { plugin: spec.name, reason: why });
    }
  }
}

function moveWatch(w: Watched, to: PluginPool): void {
  if (w.pool === to) return;
  w.pool.endpoints.remove(w.number);
  w.pool = to;
  w.number = to.endpoints.add(w.watch);
}
