import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../deadline.ts";
import { Program } from "../program.ts";
import type { UpstreamMode, UpstreamOrder } from "./upstream_order.ts";

const MAIN = join(import.meta.dirname, "upstream_main.ts");
const START_MS = 20_000;

/** An upstream in a process of its own, which can be killed, stopped, and started again at the same address. */
export class Upstream implements AsyncDisposable {
  readonly #order: UpstreamOrder;
  #program: Program | null = null;

  /** It does not run yet: nobody listens at its address. */
  constructor(order: UpstreamOrder) {
    this.#order = order;
    this.set("ok");
  }

  get name(): string {
    return this.#order.name;
  }

  get host(): string {
    return this.#order.host;
  }

  get port(): number {
    return this.#order.port;
  }

  get address(): string {
    return `${this.host}:${this.port}`;
  }

  set(mode: UpstreamMode): void {
    // By renaming: an upstream that reads just now finds the whole word.
    const path = this.#order.modePath;
    writeFileSync(`${path}.new`, mode);
    renameSync(`${path}.new`, path);
  }

  /** Resolves when it listens. */
  async begin(): Promise<void> {
    const p = new Program([process.execPath, MAIN, JSON.stringify(this.#order)]);
    this.#program = p;
    await until(`${this.name} to listen`, () => p.stdout !== "" || p.exit !== null, START_MS);
    if (p.exit !== null) throw new Error(`${this.name} ended: ${p.stderr}`);
  }

  /** SIGKILL, to whatever it does. */
  async kill(): Promise<void> {
    const p = this.#program;
    this.#program = null;
    await p?.kill();
  }

  /** The kernel still takes connections and bytes for it, and nobody answers. */
  stop(): void {
    this.#program?.signal("SIGSTOP");
  }

  goOn(): void {
    this.#program?.signal("SIGCONT");
  }

  /** As it was in the beginning, whatever was done to it. */
  async mend(): Promise<void> {
    this.set("ok");
    this.goOn();
    if (this.#program === null) await this.begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
