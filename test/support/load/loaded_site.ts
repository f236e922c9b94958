import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../fuzz/random.ts";
import { connectionsOf } from "../connections_of.ts";
import { turn, until } from "../deadline.ts";
import { freePort } from "../ports.ts";
import { openClient } from "../raw_client.ts";
import { Pki } from "../tls_pki.ts";
import { runWeir, scratchDir, startArgs, textOf, type Weir } from "../weir.ts";
import type { Failure, Report } from "./ledger.ts";
import { type LoadPorts, LoadProcess } from "./load_process.ts";
import type { Origins } from "./origins.ts";

/** What was open in a worker when it was killed. */
interface Victim {
  /** When it was stopped, and when it ended. */
  readonly stopped: number;
  readonly at: number;
  /** Ports of listeners and of their clients. */
  readonly connections: readonly { readonly local: number; readonly remote: number }[];
}

interface WorkerStatus {
  readonly pid: number;
  readonly state: string;
}

interface SiteStatus {
  readonly pid: number;
  readonly generation: number;
  readonly workers?: readonly WorkerStatus[];
}

/** A client of another hand sees a little later that its connection is gone. */
const NOTICE_MS = 2_000;
/** A datagram that is older has been answered. */
const UNDER_WAY_MS = 1_000;
const LONG = "1h";
/** Sessions of UDP end by it alone; clients of the load are never silent for so long. */
const SILENCE = "10s";
/** Seconds that a new process may take on a busy machine. */
const UPGRADE_S = 60;
const RELOAD_MS = 30_000;
/** Between two looks, which cost both processes something. */
const PAUSE_MS = 50;

/** One weir under steady load of all kinds, and what is done to it meanwhile. */
export class LoadedSite implements AsyncDisposable {
  readonly weir: Weir;
  readonly load: LoadProcess;
  readonly victims: Victim[] = [];
  /** Every process that has served. */
  readonly pids = new Set<number>();
  readonly #ports: LoadPorts;
  readonly #extra: number;
  readonly #pki: Pki;
  readonly #random: Random;
  /** Parts of the config that change. */
  #endpoints: Readonly<Record<keyof Origins, readonly unknown[]>>;
  #turn = 0;
  #killed = 0;

  private constructor(o: { weir: Weir; load: LoadProcess; ports: LoadPorts; extra: number; pki: Pki; random: Random }) {
    this.weir = o.weir;
    this.load = o.load;
    this.#ports = o.ports;
    this.#extra = o.extra;
    this.#pki = o.pki;
    this.#random = o.random;
    this.#endpoints = allOf(o.load.origins);
  }

  static async start(args: readonly string[], random: Random): Promise<LoadedSite> {
    const load = await LoadProcess.start();
    const pki = new Pki();
    try {
      const [web, tls, g0, g1, c0, c1, tcp, udp, extra, adminPort] = await Promise.all(Array.from({ length: 10 }, freePort));
      const ports: LoadPorts = { web: web!, tls: tls!, grpc: [g0!, g1!], chat: [c0!, c1!], tcp: tcp!, udp: udp! };
      const dir = scratchDir();
      const config = configOf({ ports, dir, adminPort: adminPort!, pki, endpoints: allOf(load.origins), extra: extra!, turn: 0 });
      const path = join(dir, "weir.yaml");
      writeFileSync(path, textOf(config));
      const weir = await startArgs(["run", path, ...args], { dir, owned: true, adminPort: adminPort! });
      const site = new LoadedSite({ weir, load, ports, extra: extra!, pki, random });
      await load.begin(ports);
      return site;
    } catch (e) {
      await load[Symbol.asyncDispose]();
      pki[Symbol.dispose]();
      throw e;
    }
  }

  // ---- what is done to it ----

  /** The program anew; sessions are opened meanwhile, so that each process has some. */
  async upgrade(): Promise<void> {
    const before = await this.status();
    this.#note(before);
    const words = ["upgrade", "--timeout", String(UPGRADE_S), "--control", this.weir.controlPath];
    const ran = await runWeir(words, { ms: 2 * UPGRADE_S * 1000 });
    if (ran.code !== 0) throw new Error(`the upgrade failed: ${ran.stderr}; ${this.weir.stderr.slice(-2000)}`);
    await this.load.more();
    const now = await this.status();
    this.#note(now);
    if (now.pid === before.pid) throw new Error("the old process answers on the admin address");
  }

  /** Another config, which changes nothing that the load uses. */
  async reload(): Promise<void> {
    this.#turn++;
    await this.#apply();
  }

  /** Other endpoints for all clusters, one at least each, with other weights. */
  async changeEndpoints(): Promise<void> {
    const some = (ports: readonly number[]): unknown[] => {
      const kept = ports.filter(() => this.#random.once(2));
      const chosen = kept.length === 0 ? [this.#random.pick(ports)] : kept;
      return chosen.map((p) => ({ address: `127.0.0.1:${p}`, weight: 1 + this.#random.below(5) }));
    };
    const { app, grpc, tcp } = this.load.origins;
    // A session of UDP has no end of its own: the answer that is under way when its endpoint is taken away is lost.
    this.#endpoints = { ...this.#endpoints, app: some(app), grpc: some(grpc), tcp: some(tcp) };
    await this.#apply();
  }

  /** A worker that serves is killed, once all do. What is done next does not wait for the one that takes its place. */
  async killWorker(): Promise<void> {
    const { pid } = this.#random.pick((await this.#allServe()).workers!);
    // Stopped, so that it accepts nothing between the look and its end.
    process.kill(pid, "SIGSTOP");
    const stopped = Date.now();
    const connections = connectionsOf(pid);
    process.kill(pid, "SIGKILL");
    this.victims.push({ stopped, at: Date.now(), connections });
    this.#killed = pid;
  }

  async status(): Promise<SiteStatus> {
    return JSON.parse((await this.weir.admin("/status")).body) as SiteStatus;
  }

  /** Until each kind has been answered as often again. */
  async moreAnswers(each: number): Promise<void> {
    const before = (await this.load.report()).kinds;
    await until(
      "answers of all kinds",
      async () => {
        await turn(PAUSE_MS);
        const now = (await this.load.report()).kinds;
        return Object.entries(now).every(([name, k]) => SESSIONS.has(name) || k.answered >= before[name]!.answered + each);
      },
      120_000,
    );
  }

  /** What failed and was not open in a worker that was killed. */
  unexcused(report: Report): readonly Failure[] {
    return report.failures.filter((f) => !this.victims.some((v) => isOf(f, v)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.load[Symbol.asyncDispose]();
    await this.weir.kill();
    this.#pki[Symbol.dispose]();
  }

  async #apply(): Promise<void> {
    this.weir.rewrite(
      configOf({
        ports: this.#ports,
        dir: this.weir.dir,
        adminPort: this.weir.adminPort,
        pki: this.#pki,
        endpoints: this.#endpoints,
        extra: this.#extra,
        turn: this.#turn,
      }),
    );
    // Over the socket itself: two hundred starts of a program would be the load.
    using control = await openClient({ path: this.weir.controlPath });
    await control.send('{"command":"reload"}\n');
    const answer = await control.readUntil("\n", RELOAD_MS);
    if (!(JSON.parse(answer) as { ok: boolean }).ok) throw new Error(`the reload failed: ${answer}`);
  }

  /** All workers serve, and the one that was killed last is none of them. */
  async #allServe(): Promise<SiteStatus> {
    let now = await this.status();
    await until(
      "all workers to serve",
      async () => {
        await turn(PAUSE_MS);
        now = await this.status();
        return now.workers!.every((w) => w.state === "running" && w.pid !== this.#killed);
      },
      60_000,
    );
    this.#note(now);
    return now;
  }

  #note({ pid, workers = [] }: SiteStatus): void {
    for (const p of [pid, ...workers.map((w) => w.pid)]) if (p > 0) this.pids.add(p);
  }
}

const SESSIONS: ReadonlySet<string> = new Set(["grpc stream", "websocket", "tcp"]);

/** It was sent on a connection that was open in a worker when that was killed. */
function isOf(f: Failure, { stopped, at, connections }: Victim): boolean {
  if (f.kind === "udp") return f.opened >= stopped - UNDER_WAY_MS && f.opened <= at;
  if (f.local === null) return f.opened <= at + NOTICE_MS && f.at >= stopped && connections.some((c) => c.local === f.listener);
  return f.opened <= at && f.at >= stopped && connections.some((c) => c.local === f.listener && c.remote === f.local);
}

function allOf({ app, grpc, tcp, udp }: Origins): Record<keyof Origins, readonly unknown[]> {
  const plain = (ports: readonly number[]): string[] => ports.map((p) => `127.0.0.1:${p}`);
  return { app: plain(app), grpc: plain(grpc), tcp: plain(tcp), udp: plain(udp) };
}

interface ConfigParts {
  readonly ports: LoadPorts;
  readonly dir: string;
  readonly adminPort: number;
  readonly pki: Pki;
  readonly endpoints: Readonly<Record<keyof Origins, readonly unknown[]>>;
  readonly extra: number;
  /** What no request of the load has to do with goes by this number. */
  readonly turn: number;
}

function configOf({ ports, dir, adminPort, pki, endpoints, extra, turn }: ConfigParts): Record<string, unknown> {
  const at = (port: number): string => `127.0.0.1:${port}`;
  const timeouts = { idle: LONG, streamIdle: LONG, tunnelIdle: LONG };
  const grpc = [...ports.grpc, ...ports.chat].map((p, i) => [`grpc${i}`, { address: at(p), detect: true, timeouts }] as const);
  const cert = join(pki.dir, "site.pem");
  const certificates = [hasFile(cert) ? { cert, key: join(pki.dir, "site.key") } : pki.server("site", ["load.example"])];
  return {
    admin: { address: at(adminPort) },
    control: join(dir, "weir.sock"),
    accessLog: { to: { file: join(dir, `access-${turn % 3}.log`) } },
    drain: { limit: LONG, tunnels: LONG },
    workers: { orphanLimit: "5s" },
    listeners: {
      web: { address: at(ports.web), timeouts },
      tls: { address: at(ports.tls), tls: { certificates }, timeouts },
      ...Object.fromEntries(grpc),
      tcp: { address: at(ports.tcp), protocol: "tcp", to: "tcp", timeouts: { idle: LONG } },
      udp: { address: at(ports.udp), protocol: "udp", to: "udp", timeouts: { idle: SILENCE } },
      ...(turn % 2 === 0 ? {} : { extra: { address: at(extra) } }),
    },
    routes: [
      { name: "other", match: { path: "/other" }, respond: { status: 200, body: `turn ${turn}` } },
      { name: "unused", hosts: "unused.example", match: { prefix: "/" }, to: "unused", timeout: `${1 + (turn % 9)}s` },
      { name: "grpc", match: { prefix: "/test.Echo" }, to: "grpc" },
      { name: "all", to: "app", upgrade: ["websocket"] },
    ],
    clusters: {
      app: { endpoints: endpoints.app },
      grpc: { endpoints: endpoints.grpc, protocol: "h2c" },
      tcp: { endpoints: endpoints.tcp },
      udp: { endpoints: endpoints.udp },
      unused: { endpoints: [at(1), at(2 + (turn % 7))] },
    },
  };
}

function hasFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
