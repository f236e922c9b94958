import { type KeyStore, OwnStore, type StoreClock } from "../calls/key_store.ts";
import type { KvAnswer, KvCall } from "../calls/kv_call.ts";
import type { PluginAsk, PluginNews } from "./plugin_news.ts";

interface Asked {
  readonly plugin: string;
  readonly call: KvCall;
  readonly done: (a: KvAnswer) => void;
}

/**
 * What a worker's plugins have in its supervisor. When that is gone the worker goes on as a weir of its own: with stores that are empty,
 * as after a start.
 */
export class PluginDoor {
  readonly #send: (a: PluginAsk) => void;
  readonly #clock: StoreClock;
  readonly #asked = new Map<number, Asked>();
  /** Only without a supervisor. */
  readonly #own = new Map<string, OwnStore>();
  #lastId = 0;
  #gone = false;

  constructor(send: (a: PluginAsk) => void, clock: StoreClock) {
    this.#send = send;
    this.#clock = clock;
  }

  store(plugin: string): KeyStore {
    return {
      ask: (call, done) => this.#ask({ plugin, call, done }),
      close: () => this.#own.get(plugin)?.close(),
    };
  }

  hear(m: PluginNews): void {
    const asked = this.#asked.get(m.id);
    this.#asked.delete(m.id);
    asked?.done(m.answer);
  }

  /** The supervisor is gone: what was asked of it is answered here. */
  orphaned(): void {
    this.#gone = true;
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const a of asked) this.#ask(a);
  }

  #ask(a: Asked): void {
    if (this.#gone) {
      this.#ownStore(a.plugin).ask(a.call, a.done);
      return;
    }
    const id = ++this.#lastId;
    this.#asked.set(id, a);
    this.#send({ kind: "kv", id, plugin: a.plugin, call: a.call });
  }

  #ownStore(plugin: string): OwnStore {
    let store = this.#own.get(plugin);
    if (store === undefined) {
      store = new OwnStore(this.#clock);
      this.#own.set(plugin, store);
    }
    return store;
  }
}
