import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { COOKIE, pluginVariables } from "../../../plugin/process/plugin_variables.ts";
import { bare } from "./like.ts";

export interface Message {
  id?: unknown;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: unknown;
  bytes?: number;
}

/** How a plugin is started. */
export interface PluginStart {
  readonly command: readonly string[];
  /** Added to the little that every plugin has. */
  readonly env: Readonly<Record<string, string>>;
  /** null: where this program was started. */
  readonly cwd: string | null;
}

/** A plugin that runs, with the messages that came from it. Times here only end what hangs. */
export class ReplayedProcess {
  readonly messages: Message[] = [];
  readonly lines: string[] = [];
  stderr = "";
  code: number | null = null;
  /** What it has done wrong on its standard output. */
  fault: string | null = null;
  readonly #child: ChildProcess;
  readonly #raw: boolean;
  #input: Buffer = Buffer.alloc(0);
  #waiting: (() => void)[] = [];

  /** `own`: this program's environment. `raw`: its output are lines for people or `--describe`. */
  constructor(
    { command: [program, ...before], env: configured, cwd }: PluginStart,
    own: Readonly<Record<string, string | undefined>>,
    args: readonly string[],
    cookie: boolean,
    raw: boolean,
  ) {
    this.#raw = raw;
    const env = pluginVariables(own, configured);
    if (!cookie) delete env[COOKIE];
    // A path is from here, and not from where the plugin works.
    const file = cwd !== null && program!.includes("/") ? resolve(program!) : program!;
    const options = { env, ...(cwd === null ? {} : { cwd }) };
    this.#child = spawn(file, [...before, ...args], { ...options, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdin!.on("error", () => undefined);
    this.#child.on("error", (e) => this.#fail(`can't be started: ${e.message}`));
    this.#child.stderr!.on("data", (b: Buffer) => {
      this.stderr += b.toString();
      this.#wake();
    });
    this.#child.stdout!.on("data", (b: Buffer) => {
      this.#input = Buffer.concat([this.#input, b]);
      this.#read();
      this.#wake();
    });
    this.#child.on("close", (code, signal) => {
      this.code = code ?? (signal === null ? -1 : 128);
      this.#wake();
    });
  }

  write(parts: readonly (string | Uint8Array)[]): void {
    this.#child.stdin!.write(Buffer.concat(parts.map((p) => (typeof p === "string" ? Buffer.from(p) : p))));
  }

  close(): void {
    this.#child.stdin!.end();
  }

  kill(): void {
    if (this.code === null) this.#child.kill("SIGKILL");
  }

  /** Waits until `look` finds something, the process has gone wrong or ended, or `ms` are over; null: it never did. */
  async until<T>(look: () => T | null, ms: number): Promise<T | null> {
    const end = performance.now() + ms;
    for (;;) {
      const found = look();
      if (found !== null) return found;
      const left = end - performance.now();
      if (left <= 0 || this.fault !== null || this.code !== null) return look();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #read(): void {
    for (;;) {
      const at = this.#input.indexOf(10);
      if (at < 0 || this.fault !== null) return;
      const line = this.#input.subarray(0, at).toString();
      if (this.#raw) {
        this.lines.push(line);
        this.#input = this.#input.subarray(at + 1);
        continue;
      }
      const message = line.trim() === "" ? {} : this.#parse(line);
      if (message === null) return;
      const frame = message.bytes ?? 0;
      if (this.#input.length < at + 1 + frame) return;
      const body = this.#input.subarray(at + 1, at + 1 + frame);
      this.#input = this.#input.subarray(at + 1 + frame);
      if (line.trim() !== "") this.messages.push(normal(message, frame > 0 ? body.toString("latin1") : null));
    }
  }

  #parse(line: string): Message | null {
    try {
      const m = JSON.parse(line) as Message & { jsonrpc?: unknown };
      if (m.jsonrpc === "2.0") return m;
    } catch {}
    this.#fail(`wrote a line that is no message: ${line.slice(0, 200)}`);
    return null;
  }

  #fail(fault: string): void {
    this.fault ??= fault;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** Bytes, in whichever of their forms, become one member where they belong. */
export function normal(message: Message, frame: string | null): Message {
  const { id, method, error } = message;
  const out: Message = {};
  if (id !== undefined) out.id = id;
  if (method !== undefined) out.method = method;
  if (error !== undefined) out.error = error;
  if (message.params !== undefined || frame !== null || message.result !== undefined) {
    const body = withBytes({ ...(message.params ?? message.result ?? {}) });
    const respond = body["respond"] as Record<string, unknown> | undefined;
    if (respond !== undefined) body["respond"] = bare(withBytes({ ...respond }));
    const place = (body["respond"] as Record<string, unknown> | undefined) ?? body;
    if (frame !== null) place["@bytes"] = frame;
    out[method === undefined ? "result" : "params"] = bare(body) as Record<string, unknown>;
  } else if ("result" in message) out.result = {};
  return out;
}

function withBytes(o: Record<string, unknown>): Record<string, unknown> {
  const { text, base64, ...rest } = o;
  const bytes =
    typeof base64 === "string"
      ? Buffer.from(base64, "base64").toString("latin1")
      : typeof text === "string"
        ? Buffer.from(text).toString("latin1")
        : "";
  return bytes === "" ? rest : { ...rest, "@bytes": bytes };
}
