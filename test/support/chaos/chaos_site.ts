import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../ports.ts";
import { Pki } from "../tls_pki.ts";
import { openScratch } from "../weir.ts";
import { ChaosFront, type Policies } from "./chaos_front.ts";
import { Upstream } from "./upstream.ts";

export interface ChaosSiteOptions {
  readonly policies: Policies | ((upstreams: readonly Upstream[]) => Policies);
  /** Each upstream has an address of loopback of its own, and all have one port; else it is the other way round. */
  readonly onePort?: boolean;
}

const UPSTREAMS = 4;
const WORKERS: readonly number[] = [1, 2];

/** Upstreams that things are done to, and in front of them a weir of one process and one of two workers. */
export class ChaosSite implements AsyncDisposable {
  readonly upstreams: readonly Upstream[];
  readonly fronts: readonly ChaosFront[];
  readonly #things: AsyncDisposableStack;
  readonly #journalPath: string;

  private constructor(upstreams: readonly Upstream[], fronts: readonly ChaosFront[], things: AsyncDisposableStack, path: string) {
    this.upstreams = upstreams;
    this.fronts = fronts;
    this.#things = things;
    this.#journalPath = path;
  }

  static async start({ policies, onePort = false }: ChaosSiteOptions): Promise<ChaosSite> {
    await using things = new AsyncDisposableStack();
    const { dir } = things.use(openScratch());
    const certificate = things.use(new Pki()).server("site", ["load.example"]);
    const journalPath = join(dir, "journal");
    const shared = await freePort();
    const upstreams: Upstream[] = [];
    for (let i = 0; i < UPSTREAMS; i++) {
      const at = onePort ? { host: `127.0.0.${2 + i}`, port: shared } : { host: "127.0.0.1", port: await freePort() };
      upstreams.push(things.use(new Upstream({ ...at, name: `u${i}`, modePath: join(dir, `mode${i}`), journalPath })));
    }
    await Promise.all(upstreams.map((u) => u.begin()));
    const common = {
      upstreams,
      certificate,
      policies: typeof policies === "function" ? policies(upstreams) : policies,
    };
    const started = await Promise.allSettled(WORKERS.map((workers) => ChaosFront.start({ ...common, workers })));
    const fronts = started.flatMap((s) => (s.status === "fulfilled" ? [things.use(s.value)] : []));
    for (const s of started) if (s.status === "rejected") throw s.reason;
    return new ChaosSite(upstreams, fronts, things.move(), journalPath);
  }

  /** Does the same in front of all. */
  async each(f: (front: ChaosFront) => Promise<void>): Promise<void> {
    await Promise.all(this.fronts.map(f));
  }

  becomes(cluster: string, of: Upstream, state: string, ms: number): Promise<void> {
    return this.each((f) => f.becomes(cluster, of, state, ms));
  }

  /** Which upstreams began to work on each request, in order. */
  journal(): Map<string, string[]> {
    const all = new Map<string, string[]>();
    for (const line of readFileSync(this.#journalPath, "utf8").split("\n").slice(0, -1)) {
      const [id, , by] = line.split("\t") as [string, string, string];
      const before = all.get(id);
      if (before === undefined) all.set(id, [by]);
      else before.push(by);
    }
    return all;
  }

  /** How many requests an upstream began to work on. */
  asked(of: Upstream): number {
    return readFileSync(this.#journalPath, "utf8").split(`\t${of.name}\n`).length - 1;
  }

  /** All upstreams are as in the beginning. */
  async mend(): Promise<void> {
    await Promise.all(this.upstreams.map((u) => u.mend()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#things.disposeAsync();
  }
}
