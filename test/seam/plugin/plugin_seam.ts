import type { FilterSpec, Model, RouteTableSpec } from "../../../src/config/model.ts";
import type { PluginFailureSpec } from "../../../src/config/plugin_model.ts";
import type { FilterFactory } from "../../../src/filter/types.ts";
import type { MemoryPlatform } from "../../../src/platform/memory.ts";
import { Server } from "../../../src/server/server.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";
import { type Message, readMessage } from "../../support/message.ts";
import { Peer } from "../../unit/exchange/site.ts";
import type { Behaviour } from "./behaviour.ts";
import { type Asking, askH1, askH2, type Seen } from "./clients.ts";
import type { Home } from "./homes.ts";

/** Hosts that play the origin: two of the cluster `app`, one of `other`. */
const APP = [9001, 9002];
const OTHER = 9003;

export interface SeamOptions {
  readonly onFailure?: PluginFailureSpec;
  /** What the plugin is granted, where it is a process: keys in YAML's flow style. */
  readonly grants?: string;
  /** Further keys of the route, in YAML's flow style. */
  readonly route?: string;
  /** What the origin answers to a request: bytes; null: nothing. */
  readonly origin?: (r: Message) => string | null;
}

const REPLY = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Origin: 1\r\n\r\nhello";

interface Done {
  readonly flags: string;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

function observer(done: Done[]): FilterFactory {
  return {
    open: () => ({
      onDone: (x) => {
        const seen = x.findMetadata("seen");
        done.push({ flags: x.flags, metadata: seen === null ? null : Object.fromEntries(seen) });
      },
    }),
  };
}

/** A weir in memory whose route has a plugin, in one of its homes, with origins that answer by themselves and a clock that stands. */
export class PluginSeam {
  readonly platform: MemoryPlatform;
  readonly server: Server;
  /** What came to the origins, in its order, with the port of who got it. */
  readonly requests: (Message & { readonly port: number })[] = [];
  /** What another filter of the route finds when an exchange is over. */
  readonly done: Done[];

  private constructor(platform: MemoryPlatform, server: Server, done: Done[]) {
    this.platform = platform;
    this.server = server;
    this.done = done;
  }

  static async start(home: Home, behaviour: Behaviour, o: SeamOptions = {}): Promise<PluginSeam> {
    const { platform, env, use } = home.furnish(behaviour, o.onFailure ?? { kind: "closed", status: 503 });
    const done: Done[] = [];
    const log = { log: () => {} };
    const build = { version: "0", commit: "test" };
    const server = new Server({ platform, log, build, provision: () => observer(done), ...env });
    const seam = new PluginSeam(platform, server, done);
    for (const port of [...APP, OTHER]) await seam.#listen(port, o.origin ?? (() => REPLY));
    await seam.#apply(use, o);
    return seam;
  }

  h1(a: Asking): Promise<Seen> {
    return askH1(this, a);
  }

  h2(a: Asking): Promise<Seen> {
    return askH2(this, a);
  }

  /** Promises of filters and links take several turns for what sockets take one. */
  async settled(): Promise<void> {
    for (let i = 0; i < 12; i++) await this.platform.settled();
  }

  async advance(ms: number): Promise<void> {
    await this.platform.advance(ms);
    await this.settled();
  }

  /** Requests in flight, downstream and upstream, and calls of plugins: none may be left over. */
  get active(): readonly number[] {
    const { metrics } = this.server;
    let calls = 0;
    for (const name of ["weir_plugin_calls_open", "weir_plugin_calls_queued"])
      for (const { metric } of metrics.numbers.families.get(name)?.rows.values() ?? [])
        calls += (metric as { value: number }).value;
    return [
      metrics.listener("web").requestsActive.value,
      metrics.cluster("app").requestsActive.value,
      metrics.cluster("other").requestsActive.value,
      calls,
    ];
  }

  async #apply(use: FilterSpec, o: SeamOptions): Promise<void> {
    const process =
      use.kind === "plugin"
        ? `plugins: { p: { command: p, grants: { ${o.grants ?? "authority: true, clusters: [other]"} } } }`
        : "";
    const text = `
admin: false
listeners: { web: { address: "127.0.0.1:8080", detect: true, forwarded: { xForwarded: keep, requestId: keep } } }
routes: [{ name: all, to: app, filters: [{ fault: { abort: {} } }] ${o.route ?? ""} }]
clusters:
  app: { endpoints: [${APP.map((p) => `"127.0.0.1:${p}"`).join(", ")}], balance: roundRobin, host: pass }
  other: { endpoints: ["127.0.0.1:${OTHER}"] }
${process}
`;
    const files = { read: () => Promise.reject(new Error("no file")), list: () => Promise.resolve([]) };
    const { model, problems } = await parseConfig(text, "weir.yaml", {}, files);
    if (model === null) throw new Error(JSON.stringify(problems));
    const receipt = await this.server.apply(withFilter(model as Model, use));
    if (receipt.problems.length > 0) throw new Error(JSON.stringify(receipt.problems));
    await this.settled();
  }

  async #listen(port: number, answer: (r: Message) => string | null): Promise<void> {
    await this.platform.listen({ kind: "tcp", host: "127.0.0.1", port }, {}, (c) => {
      const peer = new Answering((r) => {
        this.requests.push({ ...r, port });
        return answer(r);
      });
      peer.conn = c;
      return peer;
    });
  }
}

/** An origin's end of a connection, which answers each request that is whole. */
class Answering extends Peer {
  readonly #answer: (r: Message) => string | null;

  constructor(answer: (r: Message) => string | null) {
    super();
    this.#answer = answer;
  }

  override onData(b: Uint8Array): void {
    super.onData(b);
    for (;;) {
      const r = readMessage(this.text, { role: "request" }, false);
      if (r === null) return;
      this.text = this.text.slice(r.raw.length);
      const text = this.#answer(r);
      if (text !== null) this.send(text);
    }
  }
}

/** The one filter of the config stands for who looks on; the plugin comes behind it. */
function withFilter(model: Model, use: FilterSpec): Model {
  const tables = new Map<string, RouteTableSpec>();
  for (const [name, table] of model.routeTables) {
    const virtualHosts = table.virtualHosts.map((v) => ({
      ...v,
      routes: v.routes.map((r) => (r.filters.length === 0 ? r : { ...r, filters: [...r.filters, use] })),
    }));
    tables.set(name, { ...table, virtualHosts });
  }
  return { ...model, routeTables: tables };
}
