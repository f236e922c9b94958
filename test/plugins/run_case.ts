import { Buffer } from "node:buffer";
import { filled, type Names, repeated, unlike } from "./like.ts";
import { type Message, PluginProcess } from "./plugin_process.ts";

export interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly args?: readonly string[];
  readonly cookie?: boolean;
  readonly start?: boolean;
  readonly initialize?: Readonly<Record<string, unknown>>;
  readonly modes?: readonly Mode[];
}

export type Mode = "base64" | "binary";

interface Gathered {
  readonly method: string;
  readonly x: number;
  readonly bytes: string;
  readonly end?: boolean;
  readonly trailers?: unknown;
  readonly error?: unknown;
}

export interface Step {
  readonly send?: Message;
  readonly sendText?: string;
  readonly expect?: Message;
  readonly collect?: Gathered;
  readonly credit?: { readonly method: string; readonly x: number; readonly bytes: number };
  readonly none?: { readonly method: string; readonly x: number };
  readonly mayCome?: Message;
  readonly stderr?: string;
  readonly stdout?: unknown;
  readonly close?: true;
  readonly exit?: number;
}

/** A step that hangs is given up after this; no step waits for time to pass. */
const HANGS_MS = 20_000;
const PING = 1_000_000;

/** Runs one case in one mode. Null: it went as it should; otherwise what did not. */
export async function runCase(c: Case, mode: Mode, command: readonly string[]): Promise<string | null> {
  const raw = (c.args ?? []).length > 0 || c.cookie === false;
  const run = new CaseRun(c, mode, new PluginProcess(command, c.args ?? [], c.cookie !== false, raw));
  try {
    return await run.all();
  } finally {
    run.process.kill();
  }
}

class CaseRun {
  readonly process: PluginProcess;
  readonly #case: Case;
  readonly #mode: Mode;
  readonly #names: Names = new Map();
  readonly #mayCome: Message[] = [];
  #pings = 0;

  constructor(c: Case, mode: Mode, process: PluginProcess) {
    this.#case = c;
    this.#mode = mode;
    this.process = process;
  }

  async all(): Promise<string | null> {
    if (this.#case.start !== false) {
      const said = await this.#start();
      if (said !== null) return this.#explain("start", said);
    }
    for (const [i, step] of this.#case.steps.entries()) {
      const said = await this.#step(step);
      if (said !== null) return this.#explain(`step ${i + 1} ${JSON.stringify(step).slice(0, 200)}`, said);
    }
    const said = await this.#end();
    return said === null ? null : this.#explain("end", said);
  }

  #explain(where: string, said: string): string {
    const more = [this.process.fault, this.process.stderr === "" ? null : `standard error: ${this.process.stderr.slice(-600)}`];
    return [`${where}: ${said}`, ...more.filter((m) => m !== null)].join("\n");
  }

  #start(): Promise<string | null> {
    const params = {
      protocol: { min: 1, max: 1 },
      host: { name: "weir", version: "1.0.0" },
      plugin: "conformance",
      process: 0,
      capabilities: { binary: this.#mode === "binary", calls: ["log", "count", "kv", "http"] },
      limits: { messageBytes: 4_194_304, bodyBytes: 65_536, streamWindow: 262_144, concurrency: 64 },
      config: null,
      ...this.#case.initialize,
    };
    this.#send({ id: 1, method: "initialize", params });
    return this.#expect({ id: 1, result: { "...": true } }).then((said) => {
      if (said === null) this.#send({ method: "initialized" });
      return said;
    });
  }

  async #step(s: Step): Promise<string | null> {
    if (s.send !== undefined) this.#send(filled(s.send, this.#names) as Message);
    else if (s.sendText !== undefined) this.process.write([s.sendText]);
    else if (s.mayCome !== undefined) this.#mayCome.push(s.mayCome);
    else if (s.close === true) this.process.close();
    else if (s.expect !== undefined) return this.#expect(s.expect);
    else if (s.collect !== undefined) return this.#collect(s.collect);
    else if (s.credit !== undefined) return this.#credit(s.credit);
    else if (s.none !== undefined) return this.#none(s.none);
    else if (s.stderr !== undefined) {
      const wanted = s.stderr;
      const has = await this.process.until(() => (this.process.stderr.includes(wanted) ? true : null), HANGS_MS);
      return has === null ? "standard error has it not" : null;
    } else if (s.stdout !== undefined) {
      const line = await this.process.until(() => this.process.lines.shift() ?? null, HANGS_MS);
      return line === null ? "no line came" : unlike(s.stdout, JSON.parse(line), this.#names, "line");
    } else if (s.exit !== undefined) {
      const code = await this.process.until(() => this.process.code, HANGS_MS);
      return code === s.exit ? null : `it ended with ${code ?? "nothing: it still runs"}`;
    } else return "the step has no member that is known";
    return null;
  }

  async #expect(wanted: Message): Promise<string | null> {
    const take = (): true | null => {
      const at = this.process.messages.findIndex((m) => unlike(wanted, m, this.#names) === null);
      if (at < 0) return null;
      // Once more: names that others have tried to give are overwritten.
      unlike(wanted, this.process.messages[at], this.#names);
      this.process.messages.splice(at, 1);
      return true;
    };
    if ((await this.process.until(take, this.#patience(wanted))) !== null) return null;
    const near = this.process.messages.find((m) => (wanted.id === undefined ? m.method === wanted.method : m.id === wanted.id));
    if (near !== undefined) return unlike(wanted, near, this.#names) ?? "";
    return `it did not come; came: ${JSON.stringify(this.process.messages).slice(0, 500)}`;
  }

  /** What has come in another form won't come again. */
  #patience(wanted: Message): number {
    return this.process.messages.some((m) => m.id === wanted.id && m.method === undefined) && wanted.method === undefined
      ? 0
      : HANGS_MS;
  }

  async #collect(g: Gathered): Promise<string | null> {
    const bytes = repeated(g.bytes);
    let [had, ended, failed, trailers]: [string, boolean, unknown, unknown] = ["", false, undefined, undefined];
    const take = (): true | null => {
      for (const p of this.#takeOf(g)) {
        if (ended || failed !== undefined) had += "<a message behind the last>";
        had += p["@bytes"] ?? "";
        ended ||= p["end"] === true;
        trailers ??= p["trailers"];
        failed ??= p["error"];
        if (p["pass"] === true) had += "<pass>";
      }
      const isOver = (g.end !== true || ended) && (g.error === undefined || failed !== undefined);
      return (had.length >= bytes.length && isOver) || !bytes.startsWith(had) ? true : null;
    };
    const whole = await this.process.until(take, HANGS_MS);
    if (had !== bytes) return `bytes are ${JSON.stringify(had.slice(0, 200))}, ${had.length} of them`;
    if (ended !== (g.end ?? false)) return ended ? "it has ended" : "it has not ended";
    return whole === null
      ? "it did not fail"
      : (unlike(g.error, failed, this.#names) ?? unlike(g.trailers, trailers, this.#names));
  }

  async #credit(g: NonNullable<Step["credit"]>): Promise<string | null> {
    let sum = 0;
    const take = (): true | null => {
      for (const p of this.#takeOf(g)) sum += Number(p["bytes"]);
      return sum >= g.bytes ? true : null;
    };
    await this.process.until(take, HANGS_MS);
    return sum === g.bytes ? null : `acknowledged are ${sum}`;
  }

  async #none(g: { readonly method: string; readonly x: number }): Promise<string | null> {
    this.#pings += 1;
    this.#send({ id: PING + this.#pings, method: "ping" });
    const said = await this.#expect({ id: PING + this.#pings, result: {} });
    const found = this.#takeOf(g);
    return said ?? (found.length === 0 ? null : `came: ${JSON.stringify(found).slice(0, 300)}`);
  }

  #takeOf(g: { readonly method: string; readonly x: number }): Record<string, unknown>[] {
    const isIt = (m: Message): boolean => m.method === g.method && m.params?.["x"] === g.x;
    const found = this.process.messages.filter(isIt).map((m) => m.params!);
    const rest = this.process.messages.filter((m) => !isIt(m));
    this.process.messages.splice(0, this.process.messages.length, ...rest);
    return found;
  }

  async #end(): Promise<string | null> {
    if (this.process.code === null) {
      this.process.close();
      const code = await this.process.until(() => this.process.code, HANGS_MS);
      if (code !== 0) return `its input was closed, and it ended with ${code ?? "nothing: it still runs"}`;
    }
    const left = this.process.messages.filter((m) => !this.#mayCome.some((w) => unlike(w, m, this.#names) === null));
    return left.length > 0 ? `more came: ${JSON.stringify(left).slice(0, 500)}` : this.process.fault;
  }

  #send(message: Message): void {
    const { "@bytes": bytes, ...params } = message.params ?? message.result ?? {};
    const line: Record<string, unknown> = { jsonrpc: "2.0", ...message };
    const place = message.params !== undefined ? "params" : "result";
    const body = Buffer.from(typeof bytes === "string" ? bytes : "", "latin1");
    if (typeof bytes === "string" && this.#mode === "binary" && body.length > 0) {
      this.process.write([`${JSON.stringify({ ...line, [place]: params, bytes: body.length })}\n`, body]);
    } else {
      if (typeof bytes === "string") line[place] = { ...params, base64: body.toString("base64") };
      this.process.write([`${JSON.stringify(line)}\n`]);
    }
  }
}
