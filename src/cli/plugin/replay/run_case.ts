import { Buffer } from "node:buffer";
import { callParams, type PhasesSaid } from "./call_params.ts";
import { differences, filled, type Names, repeated, unlike } from "./like.ts";
import { type Message, normal, type PluginStart, ReplayedProcess } from "./replayed_process.ts";
import { showDifferences } from "./show_differences.ts";

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

/** How cases are run. */
export interface Replay {
  readonly start: PluginStart;
  /** This program's environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A step that waits longer has failed; no step waits for time to pass. Milliseconds. */
  readonly patienceMs: number;
  /** Lines of a plugin's log and counts may come unasked for. */
  readonly isLenient: boolean;
  /** Answers of `call` are taken as they come. */
  readonly takesAnswers: boolean;
}

export interface Replayed {
  /** null: it went as it should. */
  readonly said: string | null;
  /** With the answers that came, where they were to be taken. */
  readonly steps: readonly Step[];
}

interface Gathered {
  readonly method: string;
  readonly x: number;
  readonly bytes: string;
  readonly end?: boolean;
  readonly trailers?: unknown;
  readonly error?: unknown;
}

/** A call as the host makes it: what is not said of its params is as usual. */
export interface CallStep {
  readonly call?: string;
  readonly params?: Record<string, unknown>;
  readonly answer?: Record<string, unknown>;
  readonly error?: unknown;
}

export interface Step extends CallStep {
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

const PING = 1_000_000;
const CALLS = 2_000_000;
const HOST_CALLS = ["log", "count", "kv.get", "kv.set", "kv.delete", "kv.add", "http"];

/** Runs one case in one mode. */
export async function runCase(c: Case, mode: Mode, replay: Replay): Promise<Replayed> {
  const raw = (c.args ?? []).length > 0 || c.cookie === false;
  const { start, env } = replay;
  const process = new ReplayedProcess(start, env, c.args ?? [], c.cookie !== false, raw);
  const run = new CaseRun(c, mode, replay, process);
  try {
    return { said: await run.all(), steps: run.steps };
  } finally {
    process.kill();
  }
}

class CaseRun {
  readonly process: ReplayedProcess;
  /** Those that went well so far. */
  readonly steps: Step[] = [];
  readonly #case: Case;
  readonly #mode: Mode;
  readonly #replay: Replay;
  readonly #names: Names = new Map();
  readonly #mayCome: Message[] = [];
  #phases: PhasesSaid = {};
  #pings = 0;
  #calls = 0;

  constructor(c: Case, mode: Mode, replay: Replay, process: ReplayedProcess) {
    this.#case = c;
    this.#mode = mode;
    this.#replay = replay;
    this.process = process;
    if (replay.isLenient) this.#mayCome.push(...["log", "count"].map((method) => ({ method, params: { "...": true } })));
  }

  async all(): Promise<string | null> {
    if (this.#case.start !== false) {
      const said = await this.#start();
      if (said !== null) return this.#explain("start", said);
    }
    for (const [i, step] of this.#case.steps.entries()) {
      const said = step.call === undefined ? await this.#step(step) : await this.#call(step, step.call);
      if (said === null && step.call === undefined) this.steps.push(step);
      if (said !== null) return this.#explain(`step ${i + 1}, ${step.call ?? JSON.stringify(step).slice(0, 200)}`, said);
    }
    const said = await this.#end();
    return said === null ? null : this.#explain("end", said);
  }

  #explain(where: string, said: string): string {
    const more = [this.process.fault, this.process.stderr === "" ? null : `standard error: ${this.process.stderr.slice(-600)}`];
    return [`${where}: ${said}`, ...more.filter((m) => m !== null)].join("\n");
  }

  async #start(): Promise<string | null> {
    const params = {
      protocol: { min: 1, max: 1 },
      host: { name: "weir", version: "1.0.0" },
      plugin: "conformance",
      process: 0,
      capabilities: { binary: this.#mode === "binary", calls: HOST_CALLS },
      limits: { messageBytes: 4_194_304, bodyBytes: 65_536, streamWindow: 262_144, concurrency: 64 },
      config: null,
      ...this.#case.initialize,
    };
    this.#send({ id: 1, method: "initialize", params });
    const answer = await this.#answerOf(1);
    if (typeof answer === "string") return answer;
    if (answer.error !== undefined) return `it does not start: ${JSON.stringify(answer.error)}`;
    this.#phases = (answer.result?.["phases"] ?? {}) as PhasesSaid;
    this.#send({ method: "initialized" });
    return null;
  }

  /** A call with what the plugin asks for, as the host makes it. */
  async #call(step: Step, method: string): Promise<string | null> {
    const phase = this.#phases[method];
    if (phase === undefined)
      return `it does not ask for ${method}: its phases are ${Object.keys(this.#phases).join(", ") || "none"}`;
    this.#calls += 1;
    const id = CALLS + this.#calls;
    const said = filled(step.params ?? {}, this.#names) as Record<string, unknown>;
    this.#send({ id, method, params: callParams(method, phase, said, this.#replay.patienceMs) });
    const found = await this.#answerOf(id);
    if (typeof found === "string") return found;
    if (this.#replay.takesAnswers) {
      const { answer: _, error: __, ...rest } = step;
      this.steps.push(found.error === undefined ? { ...rest, answer: found.result ?? {} } : { ...rest, error: found.error });
      return null;
    }
    this.steps.push(step);
    const differs =
      step.error !== undefined
        ? differences({ error: step.error }, { error: found.error, answer: found.result }, this.#names)
        : found.error !== undefined
          ? differences({ answer: step.answer ?? {} }, { error: found.error }, this.#names)
          : differences(normal({ result: step.answer ?? {} }, null).result, found.result ?? {}, this.#names);
    return differs.length === 0 ? null : `the answer is another one\n${showDifferences(differs)}`;
  }

  /** The answer to a request; text: why there is none. */
  async #answerOf(id: number): Promise<Message | string> {
    const { messages } = this.process;
    const take = (): Message | null => {
      const at = messages.findIndex((m) => m.id === id && m.method === undefined);
      return at < 0 ? null : messages.splice(at, 1)[0]!;
    };
    const answer = await this.process.until(take, this.#replay.patienceMs);
    if (answer !== null) return answer;
    const { code } = this.process;
    const why = code === null ? `no answer came within ${this.#replay.patienceMs} ms` : `it ended with code ${code}`;
    return `${why}; came: ${messages.length === 0 ? "nothing" : JSON.stringify(messages).slice(0, 500)}`;
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
      const has = await this.process.until(() => (this.process.stderr.includes(wanted) ? true : null), this.#replay.patienceMs);
      return has === null ? "standard error has it not" : null;
    } else if (s.stdout !== undefined) {
      const line = await this.process.until(() => this.process.lines.shift() ?? null, this.#replay.patienceMs);
      return line === null ? "no line came" : unlike(s.stdout, JSON.parse(line), this.#names);
    } else if (s.exit !== undefined) {
      const code = await this.process.until(() => this.process.code, this.#replay.patienceMs);
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
      : this.#replay.patienceMs;
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
    const whole = await this.process.until(take, this.#replay.patienceMs);
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
    await this.process.until(take, this.#replay.patienceMs);
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
      const code = await this.process.until(() => this.process.code, this.#replay.patienceMs);
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
