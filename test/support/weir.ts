import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./deadline.ts";
import type { Message } from "./message.ts";
import { freePort } from "./ports.ts";
import { Program, type Ran, run } from "./program.ts";
import { get, openClient } from "./raw_client.ts";
import { type OriginOptions, type RawOrigin, startOrigin } from "./raw_origin.ts";
import { commandOf, subject } from "./subject.ts";

/** A config as text, or as data that is written as JSON, which is YAML too. */
export type Config = string | Readonly<Record<string, unknown>>;

export interface WeirOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Directory of the config; made for the test and removed with it when absent. */
  readonly dir?: string;
  /** Shell words run before the program in the same process, such as `ulimit -n 64`. */
  readonly before?: string;
  /** They become its descriptors 3, 4 and so on. */
  readonly descriptors?: readonly number[];
  /** Port whose opening means ready when there is no admin address. */
  readonly readyPort?: number;
  readonly adminPort?: number;
  /** How long it may take to be ready. */
  readonly ms?: number;
}

const READY_MS = 15_000;

/** A running weir. */
export class Weir extends Program {
  /** Program and first arguments, before the command. */
  readonly command: readonly string[] = commandOf(subject);
  readonly dir: string;
  readonly configPath: string;
  readonly controlPath: string;
  readonly adminPort: number;
  readonly #owned: boolean;

  constructor(command: readonly string[], o: WeirOptions & { dir: string; owned: boolean }) {
    super(command, { ...o, env: { NO_COLOR: "1", ...o.env } });
    this.dir = o.dir;
    this.configPath = join(o.dir, "weir.yaml");
    this.controlPath = join(o.dir, "weir.sock");
    this.adminPort = o.adminPort ?? 0;
    this.#owned = o.owned;
  }

  /** Replaces the config in place. */
  rewrite(config: Config): void {
    writeFileSync(this.configPath, textOf(config));
  }

  /** GET on the admin address. */
  admin(path: string): Promise<Message> {
    return get(this.adminPort, path, "127.0.0.1");
  }

  /** Sum over all label sets that hold every one of `labels`; 0 when there is none. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const wanted = Object.entries(labels).map(([k, v]) => `${k}="${v}"`);
    let sum = 0;
    for (const line of (await this.admin("/metrics")).body.split("\n")) {
      const [, n, set, value] = /^([a-zA-Z_:]+)(?:\{(.*)\})? ([^ ]+)$/.exec(line) ?? [];
      if (n === name && wanted.every((w) => (set ?? "").split(/,(?=[a-z])/).includes(w))) sum += Number(value);
    }
    return sum;
  }

  /** Runs a command of the command line that acts on this weir. */
  control(...args: string[]): Promise<Ran> {
    return runWeir([...args, "--control", this.controlPath]);
  }

  override async kill(): Promise<void> {
    await super.kill();
    if (this.#owned) rmSync(this.dir, { recursive: true, force: true });
  }
}

export function scratchDir(): string {
  return mkdtempSync(join(tmpdir(), "weir-e2e-"));
}

/** A directory for the length of a block. */
export function openScratch(): Disposable & { readonly dir: string } {
  const dir = scratchDir();
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

export function textOf(config: Config): string {
  return typeof config === "string" ? config : JSON.stringify(config, null, 2);
}

/** Runs a command of weir to its end. */
export function runWeir(
  args: readonly string[],
  o: { cwd?: string; env?: Record<string, string>; ms?: number } = {},
): Promise<Ran> {
  return run([...commandOf(subject), ...args], { ...o, env: { NO_COLOR: "1", ...o.env } });
}

/** Starts `weir run` on a config and waits until it is ready. */
export function startWeir(config: Config, o: WeirOptions = {}): Promise<Weir> {
  const dir = o.dir ?? scratchDir();
  writeFileSync(join(dir, "weir.yaml"), textOf(config));
  return startArgs(["run", join(dir, "weir.yaml")], { ...o, dir, owned: o.dir === undefined });
}

/** Starts weir with any arguments and waits until it is ready. */
export async function startArgs(args: readonly string[], o: WeirOptions & { dir: string; owned?: boolean }): Promise<Weir> {
  const words = [...commandOf(subject), ...args];
  const command = o.before === undefined ? words : ["sh", "-c", `${o.before}; exec "$@"`, "sh", ...words];
  const weir = new Weir(command, { ...o, owned: o.owned ?? false });
  try {
    await until("weir to be ready", () => weir.exit !== null || isReady(o), o.ms ?? READY_MS);
    if (weir.exit !== null) throw new Error(`weir ended with ${weir.exit.code} before it was ready`);
    return weir;
  } catch (e) {
    await weir.kill();
    throw new Error(`${(e as Error).message}; stderr: ${weir.stderr}`);
  }
}

async function isReady(o: WeirOptions): Promise<boolean> {
  try {
    if (o.adminPort !== undefined) return (await get(o.adminPort, "/readyz", "127.0.0.1")).status === 200;
    if (o.readyPort !== undefined) (await openClient(o.readyPort)).destroy();
    return true;
  } catch {
    return false;
  }
}

export interface SiteOptions extends WeirOptions {
  /** Arguments behind `run CONFIG`. */
  readonly args?: readonly string[];
  /** Keys of the one listener beside its address. */
  readonly listener?: Readonly<Record<string, unknown>>;
  /** Keys of the one route beside its cluster. */
  readonly route?: Readonly<Record<string, unknown>>;
  /** All routes, instead of the one to the origin. */
  readonly routes?: readonly unknown[];
  /** Keys of the origin's cluster beside its endpoint. */
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly clusters?: Readonly<Record<string, unknown>>;
  /** Top-level keys. */
  readonly top?: Readonly<Record<string, unknown>>;
  /** How the origin serves; it echoes each request when absent. */
  readonly origin?: OriginOptions;
}

export type LogLine = Readonly<Record<string, string | number | null>>;

/** One weir in front of one origin. */
export class Site {
  readonly weir: Weir;
  readonly origin: RawOrigin;
  readonly port: number;
  /** Its config as data, for tests that change it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly logPath: string;

  constructor(weir: Weir, origin: RawOrigin, port: number, config: Readonly<Record<string, unknown>>, logPath: string) {
    this.weir = weir;
    this.origin = origin;
    this.port = port;
    this.config = config;
    this.logPath = logPath;
  }

  /** The lines of the access log so far. */
  log(): LogLine[] {
    if (!existsSync(this.logPath)) return [];
    const lines = readFileSync(this.logPath, "utf8").split("\n").slice(0, -1);
    return lines.map((l) => JSON.parse(l) as LogLine);
  }

  /** The access log's line of a path that is asked for once; waits until it has been written. */
  async logged(path: string): Promise<LogLine> {
    const find = (): LogLine | undefined => this.log().find((l) => l["path"] === path);
    await until(`the access log to tell of ${path}`, () => find() !== undefined);
    return find()!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.weir.kill();
    await this.origin.close();
  }
}

/** Starts a weir with one listener, one cluster and, unless told otherwise, one route for everything, in front of a new origin. */
export async function startSite(o: SiteOptions = {}): Promise<Site> {
  const dir = scratchDir();
  const [origin, port, adminPort] = await Promise.all([startOrigin(o.origin), freePort(), freePort()]);
  const logPath = join(dir, "access.log");
  const config = {
    admin: { address: `127.0.0.1:${adminPort}` },
    control: join(dir, "weir.sock"),
    accessLog: { to: { file: logPath } },
    listeners: { web: { address: `127.0.0.1:${port}`, ...o.listener } },
    routes: o.routes ?? [{ name: "all", to: "origin", ...o.route }],
    clusters: { origin: { endpoints: [`127.0.0.1:${origin.port}`], ...o.cluster }, ...o.clusters },
    ...o.top,
  };
  try {
    writeFileSync(join(dir, "weir.yaml"), textOf(config));
    const weir = await startArgs(["run", join(dir, "weir.yaml"), ...(o.args ?? [])], { ...o, dir, owned: true, adminPort });
    return new Site(weir, origin, port, config, logPath);
  } catch (e) {
    await origin.close();
    rmSync(dir, { recursive: true, force: true });
    throw e;
  }
}
