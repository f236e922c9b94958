import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { within } from "../deadline.ts";
import type { Report } from "./ledger.ts";
import type { Origins } from "./origins.ts";

/** Ports of Weir's listeners. One of `grpc` and `chat` has one client's connections alone. */
export interface LoadPorts {
  readonly web: number;
  readonly tls: number;
  readonly grpc: readonly number[];
  readonly chat: readonly number[];
  readonly tcp: number;
  readonly udp: number;
}

export type LoadOrder = { readonly do: "start"; readonly ports: LoadPorts } | { readonly do: "more" | "report" | "stop" };

const STOP_MS = 300_000;

/** Clients and upstreams in a process of their own, which ends with this one. */
export class LoadProcess implements AsyncDisposable {
  readonly origins: Origins;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  private constructor(child: ChildProcess, lines: Interface, origins: Origins) {
    this.#child = child;
    this.#lines = lines;
    this.origins = origins;
    this.pid = child.pid!;
  }

  static async start(): Promise<LoadProcess> {
    const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout! });
    return new LoadProcess(child, lines, (await answer(child, lines, 20_000)) as Origins);
  }

  async begin(ports: LoadPorts): Promise<void> {
    await this.#order({ do: "start", ports });
  }

  /** One more session of each kind that has sessions. */
  async more(): Promise<void> {
    await this.#order({ do: "more" });
  }

  async report(): Promise<Report> {
    return (await this.#order({ do: "report" })) as Report;
  }

  /** Sends nothing more, waits for the answers, and ends all sessions in order. */
  async stop(): Promise<Report> {
    return (await this.#order({ do: "stop" })) as Report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await gone;
  }

  #order(o: LoadOrder): Promise<unknown> {
    const answered = answer(this.#child, this.#lines, STOP_MS);
    this.#child.stdin!.write(`${JSON.stringify(o)}\n`);
    return answered;
  }
}

function answer(child: ChildProcess, lines: Interface, ms: number): Promise<unknown> {
  return within(
    "an answer of the load's process",
    ms,
    new Promise((resolve, reject) => {
      const gone = (code: number | null): void => reject(new Error(`the load's process ended with ${code}`));
      child.once("exit", gone);
      lines.once("line", (line: string) => {
        child.removeListener("exit", gone);
        resolve(JSON.parse(line));
      });
    }),
  );
}
