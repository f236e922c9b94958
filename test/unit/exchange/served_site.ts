import { Slab } from "../../../src/base/slab.ts";
import { TimerWheel } from "../../../src/base/timer_wheel.ts";
import type { Model, RouteTableSpec } from "../../../src/config/model.ts";
import type { Handler } from "../../../src/exchange/web.ts";
import { FilterChain } from "../../../src/filter/filter_chain.ts";
import type { FilterFactory } from "../../../src/filter/types.ts";
import { createMemoryPlatform } from "../../../src/platform/memory.ts";
import { compileSites } from "../../../src/server/compile.ts";
import { ConnectionCaps } from "../../../src/server/connection_caps.ts";
import { ListenerRuntime } from "../../../src/server/listener_runtime.ts";
import { NO_SHEDDING } from "../../../src/server/overload/shedding.ts";
import { HeldSockets } from "../../../src/server/sockets/held_socket.ts";
import { OwnSockets } from "../../../src/server/sockets/own_sockets.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";
import type { Facts, Level } from "../../../src/telemetry/event_log.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { Flusher } from "../../../src/wire/flusher.ts";
import { Peer } from "./site.ts";

export { get, statuses } from "./site.ts";

const LISTEN = { kind: "tcp", host: "127.0.0.1", port: 8080 } as const;
const HANDLER = "test";

/** A listener in memory all of whose requests go to a handler inside the process, with a clock that stands. */
export class ServedSite {
  readonly platform = createMemoryPlatform();
  readonly events: { readonly level: Level; readonly event: string; readonly facts: Facts }[] = [];
  readonly #metrics = new Metrics();
  /** What the exchanges are told of pressure, and what they count. */
  readonly shedding = {
    step: 0,
    counted: [] as number[],
    count(step: 1 | 2): void {
      this.counted.push(step);
    },
  };
  #open: (() => void) | null = null;
  readonly #opened = new Promise<void>((resolve) => {
    this.#open = resolve;
  });

  /** `listener` is further keys, in YAML's flow style; `filters` stand before the handler. */
  static async start(fetch: Handler["fetch"], listener = "", filters: readonly FilterFactory[] = []): Promise<ServedSite> {
    const site = new ServedSite();
    const text = `
admin: false
listeners: { web: { address: "127.0.0.1:8080" ${listener} } }
routes: [{ name: all, respond: { status: 200 } }]
`;
    const files = { read: () => Promise.reject(new Error("no file")), list: () => Promise.resolve([]) };
    const { model, problems } = await parseConfig(text, "weir.yaml", {}, files);
    if (model === null) throw new Error(JSON.stringify(problems));
    await site.#serve({ ...model, routeTables: handled(model, filters.length) }, { fetch }, filters);
    return site;
  }

  async #serve(model: Model, handler: Handler, filters: readonly FilterFactory[]): Promise<void> {
    const { platform } = this;
    const log = {
      log: (level: Level, event: string, facts: Facts = {}): void => {
        this.events.push({ level, event, facts });
      },
    };
    const now = (): number => platform.now();
    const link = { flusher: new Flusher(now), wheel: new TimerWheel(now, (ms, f) => platform.setTimer(ms, f)) };
    const sites = compileSites(model, {
      link,
      log,
      slab: new Slab(),
      metrics: this.#metrics,
      clusters: new Map(),
      handlers: new Map([[HANDLER, handler]]),
      chain: () => new FilterChain(filters),
      shedding: this.shedding,
      modules: new Map(),
      files: null,
      accessLog: null,
      wall: () => platform.wallNow(),
    });
    const sockets = new OwnSockets(platform, new HeldSockets([]));
    const env = {
      platform,
      sockets,
      log,
      caps: new ConnectionCaps(model.process, null),
      server: this.#metrics.server,
      shedding: NO_SHEDDING,
    };
    await new ListenerRuntime(env, model.listeners.get("web")!, sites.get("web")!, null, true).bind();
  }

  /** A client that has sent `text`. */
  async client(text: string): Promise<Peer> {
    const peer = new Peer();
    this.platform.dial(LISTEN, {}, peer);
    await this.settled();
    peer.send(text);
    await this.settled();
    return peer;
  }

  /** Lets handlers' promises and what they send settle: streams take several turns for each. */
  async settled(): Promise<void> {
    for (let i = 0; i < 20; i++) {
      await this.platform.settled();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  async advance(ms: number): Promise<void> {
    await this.platform.advance(ms);
    await this.settled();
  }

  /** Holds a handler until `open`. */
  gate(): Promise<void> {
    return this.#opened;
  }

  open(): void {
    this.#open!();
  }

  get filterFaults(): number {
    return this.#metrics.listener("web").filterFaults.value;
  }

  get handlerFaults(): number {
    return this.#metrics.listener("web").handlerFaults.value;
  }

  /** Requests in flight and tunnels. */
  get active(): readonly number[] {
    const web = this.#metrics.listener("web");
    return [web.requestsActive.value, web.tunnelsActive.value];
  }
}

function handled(model: Model, filters: number): Map<string, RouteTableSpec> {
  const tables = new Map<string, RouteTableSpec>();
  for (const [name, table] of model.routeTables) {
    const virtualHosts = table.virtualHosts.map((v) => ({
      ...v,
      routes: v.routes.map((r) => ({
        ...r,
        action: { kind: "handler", name: HANDLER } as const,
        filters: Array.from({ length: filters }, () => ({ kind: "grpcWeb" as const })),
      })),
    }));
    tables.set(name, { ...table, virtualHosts });
  }
  return tables;
}
