import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./deadline.ts";
import { freePort } from "./ports.ts";
import { Program } from "./program.ts";
import { get } from "./raw_client.ts";

/** How an upstream answers. `ill`: checks get 503, requests 200. `failing`: checks get 200, requests 500. `flap`: every second check gets 503. */
export type UpstreamMode = "ok" | "ill" | "failing" | "flap" | "nonsense" | "cut" | "silent";

const MAIN = join(import.meta.dirname, "upstream_main.mjs");

/** An upstream in a process of its own, which can be killed, stopped and started again at the same address. */
export class UpstreamProcess {
  readonly name: string;
  readonly port: number;
  readonly #dir = mkdtempSync(join(tmpdir(), "weir-upstream-"));
  #program: Program | null = null;

  private constructor(name: string, port: number) {
    this.name = name;
    this.port = port;
  }

  static async start(name: string, mode: UpstreamMode = "ok"): Promise<UpstreamProcess> {
    const up = new UpstreamProcess(name, await freePort());
    up.set(mode);
    await up.begin();
    return up;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** From the next request on. */
  set(mode: UpstreamMode): void {
    writeFileSync(join(this.#dir, "mode"), mode);
  }

  async begin(): Promise<void> {
    const p = new Program([process.execPath, MAIN, String(this.port), join(this.#dir, "mode"), this.name]);
    this.#program = p;
    await until("an upstream to listen", () => p.stdout !== "" || p.exit !== null);
    if (p.exit !== null) throw new Error(`the upstream ended: ${p.stderr}`);
  }

  /** SIGSTOP: its sockets stay, and nobody answers. */
  stop(): void {
    this.#program!.signal("SIGSTOP");
  }

  goOn(): void {
    this.#program!.signal("SIGCONT");
  }

  /** Of checks and requests so far. */
  async counts(): Promise<{ readonly checks: number; readonly requests: number }> {
    return JSON.parse((await get(this.port, "/counts", "127.0.0.1")).body) as { checks: number; requests: number };
  }

  async end(): Promise<void> {
    this.#program?.signal("SIGCONT");
    await this.#program?.kill();
    this.#program = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
