import type { ModuleEnv } from "../../../src/handler/module_env.ts";
import { createMemoryPlatform } from "../../../src/platform/memory.ts";
import { Server } from "../../../src/server/server.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";
import { Peer } from "../exchange/site.ts";

const LISTEN = { kind: "tcp", host: "127.0.0.1", port: 8080 } as const;
const ORIGIN = { kind: "tcp", host: "127.0.0.1", port: 9000 } as const;

export type Fetch = (request: Request, env: ModuleEnv) => Response | Promise<Response>;

/** A Weir in memory whose one route is a module's, with a cluster of one origin, and a clock that stands. */
export class ModuleSite {
  readonly platform = createMemoryPlatform();
  readonly server: Server;
  readonly origins: Peer[] = [];

  constructor(fetch: Fetch) {
    this.server = new Server({
      platform: this.platform,
      log: { log: () => {} },
      build: { version: "0", commit: "test" },
      loadModule: async () => ({ default: { fetch } }),
    });
  }

  /** `cluster` and `route` are further keys, in YAML's flow style. */
  static async start(fetch: Fetch, cluster = "", route = ""): Promise<ModuleSite> {
    const site = new ModuleSite(fetch);
    const text = `
admin: false
listeners: { web: { address: "127.0.0.1:8080" } }
routes: [{ name: app, handler: { module: app.ts, config: { a: 1 } } ${route} }]
clusters:
  origin: { endpoints: ["127.0.0.1:9000"] ${cluster} }
  nowhere: { endpoints: ["127.0.0.1:9999"] }
`;
    const { model, problems } = await parseConfig(text, "weir.yaml", {}, { read: async () => "", list: async () => [] });
    if (model === null) throw new Error(JSON.stringify(problems));
    const receipt = await site.server.apply(model);
    if (receipt.problems.length > 0) throw new Error(JSON.stringify(receipt.problems));
    await site.platform.listen(ORIGIN, {}, (c) => {
      const peer = new Peer();
      peer.conn = c;
      site.origins.push(peer);
      return peer;
    });
    return site;
  }

  get origin(): Peer {
    return this.origins[this.origins.length - 1]!;
  }

  async client(text: string): Promise<Peer> {
    const peer = new Peer();
    this.platform.dial(LISTEN, {}, peer);
    await this.settled();
    peer.send(text);
    await this.settled();
    return peer;
  }

  /** Streams take several turns for each promise. */
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

  /** Requests in flight: the listener's, the cluster's, and those that its breaker counts. */
  get active(): readonly number[] {
    const { metrics } = this.server;
    return [metrics.listener("web").requestsActive.value, metrics.cluster("origin").requestsActive.value];
  }
}
