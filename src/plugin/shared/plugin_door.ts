import type { Conn, ConnHandler } from "../../platform/types.ts";
import { type KeyStore, OwnStore, type StoreClock } from "../calls/key_store.ts";
import type { KvAnswer, KvCall } from "../calls/kv_call.ts";
import type { PluginAsk, PluginNews, SharedProcessFacts } from "./plugin_news.ts";

/** Hears of one pool of the supervisor. */
export interface PoolListener {
  readonly pool: number;
  onAttached(rest: number, info: string, hopeless: boolean): void;
  /** A process takes calls, over this descriptor, which is the listener's. */
  onProcess(facts: SharedProcessFacts, fd: number): void;
  onHopeless(why: string): void;
  /** The supervisor is gone. */
  orphaned(): void;
}

export interface DoorEnv {
  readonly clock: StoreClock;
  /** To the supervisor; nothing when that is gone. */
  send(a: PluginAsk): void;
  /** Makes a connection of a descriptor. */
  adopt(fd: number, open: (c: Conn) => ConnHandler): void;
}

interface AskedKv {
  readonly plugin: string;
  readonly call: KvCall;
  readonly done: (a: KvAnswer) => void;
}

type Answer = Extract<PluginNews, { kind: "attached" | "unknown" | "configured" | "refused" }>;

/** Why nothing comes of what a worker asks. */
const ALONE = "the supervisor is gone, and with it what it had";

/**
 * What a worker's plugins have in its supervisor. When that is gone the worker goes on as a weir of its own: with stores that are empty,
 * as after a start, and processes of its own.
 */
export class PluginDoor {
  readonly #env: DoorEnv;
  readonly #kv = new Map<number, AskedKv>();
  readonly #asked = new Map<number, (a: Answer | null) => void>();
  readonly #listeners = new Map<number, PoolListener>();
  /** Only without a supervisor. */
  readonly #own = new Map<string, OwnStore>();
  /** A plugin goes on with another pool: resolves when it does, or when it can't. */
  onSwap: (plugin: string, pool: number) => Promise<void> = async () => {};
  #lastId = 0;
  #gone = false;

  constructor(env: DoorEnv) {
    this.#env = env;
  }

  store(plugin: string): KeyStore {
    return {
      ask: (call, done) => this.#askKv({ plugin, call, done }),
      close: () => this.#own.get(plugin)?.close(),
    };
  }

  /** Takes part in the listener's pool; a string: why that can't be. */
  async attach(l: PoolListener): Promise<string | null> {
    this.#listeners.set(l.pool, l);
    const a = await this.#ask((id) => ({ kind: "attach", id, pool: l.pool }));
    if (a?.kind === "attached") return null;
    this.#listeners.delete(l.pool);
    return a === null ? ALONE : "its processes are gone already";
  }

  detach(l: PoolListener): void {
    if (this.#listeners.get(l.pool) !== l) return;
    this.#listeners.delete(l.pool);
    this.#env.send({ kind: "detach", pool: l.pool });
  }

  /** The number of settings, or what is wrong with them. */
  async configure(pool: number, json: string): Promise<number | string> {
    const a = await this.#ask((id) => ({ kind: "configure", id, pool, json }));
    return a?.kind === "configured" ? a.number : a?.kind === "refused" ? a.why : ALONE;
  }

  unconfigure(pool: number, number: number): void {
    this.#env.send({ kind: "unconfigure", pool, number });
  }

  adopt(fd: number, open: (c: Conn) => ConnHandler): void {
    this.#env.adopt(fd, open);
  }

  /** Nobody wants it. */
  drop(fd: number): void {
    this.#env.adopt(fd, (conn) => {
      conn.destroy(null);
      return NOBODY;
    });
  }

  /** `fd`: the descriptor that came with a process. */
  hear(m: PluginNews, fd = -1): void {
    switch (m.kind) {
      case "kv": {
        const asked = this.#kv.get(m.id);
        this.#kv.delete(m.id);
        asked?.done(m.answer);
        break;
      }
      case "process": {
        const l = this.#listeners.get(m.pool);
        if (l === undefined) this.drop(fd);
        else l.onProcess(m.process, fd);
        break;
      }
      case "hopeless":
        this.#listeners.get(m.pool)?.onHopeless(m.why);
        break;
      case "swap":
        void this.onSwap(m.plugin, m.pool).then(() => this.#env.send({ kind: "swapped", id: m.id }));
        break;
      default: {
        const answer = this.#asked.get(m.id);
        this.#asked.delete(m.id);
        answer?.(m);
      }
    }
  }

  /** The supervisor is gone: what was asked of it is answered here. */
  orphaned(): void {
    this.#gone = true;
    const [kv, asked] = [[...this.#kv.values()], [...this.#asked.values()]];
    this.#kv.clear();
    this.#asked.clear();
    for (const a of kv) this.#askKv(a);
    for (const f of asked) f(null);
    for (const l of [...this.#listeners.values()]) l.orphaned();
  }

  #ask(make: (id: number) => PluginAsk): Promise<Answer | null> {
    if (this.#gone) return Promise.resolve(null);
    const id = ++this.#lastId;
    const ask = make(id);
    return new Promise((resolve) => {
      this.#asked.set(id, (a) => {
        // In the same turn: processes may be told of right behind.
        if (a?.kind === "attached" && ask.kind === "attach")
          this.#listeners.get(ask.pool)?.onAttached(a.rest, a.info, a.hopeless);
        resolve(a);
      });
      this.#env.send(ask);
    });
  }

  #askKv(a: AskedKv): void {
    if (this.#gone) {
      this.#ownStore(a.plugin).ask(a.call, a.done);
      return;
    }
    const id = ++this.#lastId;
    this.#kv.set(id, a);
    this.#env.send({ kind: "kv", id, plugin: a.plugin, call: a.call });
  }

  #ownStore(plugin: string): OwnStore {
    let store = this.#own.get(plugin);
    if (store === undefined) {
      store = new OwnStore(this.#env.clock);
      this.#own.set(plugin, store);
    }
    return store;
  }
}

const NOBODY: ConnHandler = { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
