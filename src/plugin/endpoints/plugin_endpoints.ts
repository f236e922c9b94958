import type { Timer } from "../../platform/types.ts";
import type { WatchEnv } from "../../upstream/discovery/dns_policy.ts";
import type { EndpointSink, EndpointSource } from "../../upstream/discovery/endpoint_source.ts";
import type { EndpointWatch } from "./endpoint_watches.ts";
import { type ReadAddress, readEndpoints } from "./read_endpoints.ts";

/** A plugin that has told nothing by then has failed, as a resolver has that does not answer. */
const FIRST_LIST_MS = 10_000;

/** Begins to watch at a plugin, whatever its processes are now and will be. */
export type WatchPlugin = (plugin: string, w: EndpointWatch) => { close(): void };

/** Of a cluster's config. */
export interface PluginSource {
  readonly plugin: string;
  readonly config: unknown;
}

/**
 * The endpoints that a plugin tells. A list that is wrong is refused whole; what was good last stays, also while the plugin is down.
 *
 *   waiting ── a list, or 10 s ─► told ── a list ─► told …
 */
export class PluginEndpoints implements EndpointSource {
  readonly #env: WatchEnv;
  readonly #source: PluginSource;
  readonly #watchPlugin: WatchPlugin;
  readonly #readAddress: ReadAddress;
  #watch: { close(): void } | null = null;
  #first: Timer | null = null;
  /** The list in force as it came; "": none yet. */
  #text = "";
  #kept = 0;
  /** Why the last list was refused; "": it was not. */
  #refusal = "";
  #closed = false;

  constructor(env: WatchEnv, source: PluginSource, watchPlugin: WatchPlugin, readAddress: ReadAddress) {
    this.#env = env;
    this.#source = source;
    this.#watchPlugin = watchPlugin;
    this.#readAddress = readAddress;
  }

  start(sink: EndpointSink): void {
    const { plugin, config } = this.#source;
    this.#first = this.#env.platform.setTimer(FIRST_LIST_MS, () => {
      this.#first = null;
      this.#failed(`the plugin has told no endpoints within ${FIRST_LIST_MS} ms`);
      sink.lacking();
    });
    this.#watch = this.#watchPlugin(plugin, {
      cluster: this.#env.cluster,
      config: JSON.stringify(config),
      told: (endpoints) => this.#told(endpoints, sink),
    });
  }

  close(): void {
    this.#closed = true;
    this.#first?.cancel();
    this.#watch?.close();
  }

  #told(value: unknown, sink: EndpointSink): void {
    if (this.#closed) return;
    const endpoints = readEndpoints(value, this.#readAddress);
    if (typeof endpoints === "string") {
      // One that sends the same again and again is told of once.
      if (endpoints !== this.#refusal) this.#failed(endpoints);
      else this.#env.failed();
      this.#refusal = endpoints;
      if (this.#first !== null) sink.lacking();
      this.#cancelFirst();
      return;
    }
    this.#refusal = "";
    this.#cancelFirst();
    const text = JSON.stringify(value);
    // A process that has just begun tells what is known already.
    if (text === this.#text) return;
    if (this.#text !== "") {
      const { log, cluster } = this.#env;
      log.log("info", "Endpoints replaced", { cluster, plugin: this.#source.plugin, endpoints: endpoints.length });
    }
    this.#text = text;
    this.#kept = endpoints.length;
    sink.set(endpoints);
  }

  #failed(problem: string): void {
    const { log, cluster, failed } = this.#env;
    failed();
    log.log("error", "Endpoints not replaced, those before stay in use", {
      cluster,
      plugin: this.#source.plugin,
      kept: this.#kept,
      problems: [problem],
    });
  }

  #cancelFirst(): void {
    this.#first?.cancel();
    this.#first = null;
  }
}
