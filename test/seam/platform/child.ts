import { join } from "node:path";
import process from "node:process";
import type { Platform, Process, ProcessExit, ProcessSpec } from "../../../src/platform/types.ts";

const SUBJECT = join(import.meta.dirname, "child_subject.ts");

/** A process that a case started: its lines as they come, and its end. It ends by itself when its stdin does. */
export class Child {
  readonly process: Process;
  readonly exit: Promise<ProcessExit>;
  readonly closed: Promise<void>;
  errors = "";
  output = "";
  #lines: string[] = [];
  #waiting: ((line: string) => void)[] = [];

  constructor(p: Platform, spec: Partial<ProcessSpec> & { command: string; args: readonly string[] }) {
    let exited: (e: ProcessExit) => void = () => {};
    let closed: () => void = () => {};
    this.exit = new Promise((resolve) => {
      exited = resolve;
    });
    this.closed = new Promise((resolve) => {
      closed = resolve;
    });
    const decoder = new TextDecoder();
    this.process = p.processes!.spawn(
      { env: { PATH: process.env["PATH"]! }, stdin: "pipe", stdout: "pipe", stderr: "pipe", ...spec },
      {
        onStdout: (b) => this.#take(decoder.decode(b, { stream: true })),
        onStderr: (b) => {
          this.errors += new TextDecoder().decode(b);
        },
        onExit: (e) => exited(e),
        onClose: () => closed(),
      },
    );
  }

  /** The next line, as what it tells. */
  async told<T>(): Promise<T> {
    const line = this.#lines.shift() ?? (await Promise.race([this.#line(), this.closed.then(() => null)]));
    if (line === null) throw new Error(`the child ended: ${this.errors}`);
    return JSON.parse(line) as T;
  }

  /** All lines that nobody waited for. */
  lines(): string[] {
    return this.#lines.splice(0);
  }

  async end(): Promise<void> {
    this.process.endInput();
    await this.exit;
    await this.closed;
  }

  #line(): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #take(text: string): void {
    this.output += text;
    for (let at = this.output.indexOf("\n"); at >= 0; at = this.output.indexOf("\n")) {
      const line = this.output.slice(0, at);
      this.output = this.output.slice(at + 1);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#lines.push(line);
      else waiting(line);
    }
  }
}

/** How `child_subject.ts` is started. */
export function roleCommand(adapter: string, role: string): readonly string[] {
  const flags = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  return [process.execPath, ...flags, SUBJECT, adapter, role];
}

/** `child_subject.ts` in a role, on the same runtime and by the adapter under test. */
export function startRole(p: Platform, adapter: string, role: string, spec: Partial<ProcessSpec> = {}): Child {
  const [command, ...args] = roleCommand(adapter, role);
  return new Child(p, { command: command!, args, ...spec });
}
