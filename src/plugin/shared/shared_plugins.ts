import { OwnStore, type StoreClock } from "../calls/key_store.ts";
import type { PluginAsk, PluginNews } from "./plugin_news.ts";

/** A worker, as the plugins in its supervisor see it. */
export interface PluginWorker {
  tell(news: PluginNews): void;
}

/** What a supervisor keeps of plugins for all its workers. */
export class SharedPlugins {
  readonly #clock: StoreClock;
  readonly #stores = new Map<string, OwnStore>();

  constructor(clock: StoreClock) {
    this.#clock = clock;
  }

  hear(w: PluginWorker, m: PluginAsk): void {
    this.#store(m.plugin).ask(m.call, (answer) => w.tell({ kind: "kv", id: m.id, answer }));
  }

  /** Plugins that are not among these are no more. */
  retain(plugins: { has(name: string): boolean }): void {
    for (const [name, store] of [...this.#stores]) {
      if (plugins.has(name)) continue;
      this.#stores.delete(name);
      store.close();
    }
  }

  close(): void {
    this.retain(new Set());
  }

  #store(plugin: string): OwnStore {
    let store = this.#stores.get(plugin);
    if (store === undefined) {
      store = new OwnStore(this.#clock);
      this.#stores.set(plugin, store);
    }
    return store;
  }
}
