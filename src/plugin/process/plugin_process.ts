import type { PluginSpec } from "../../config/plugin_model.ts";
import type { Process, ProcessExit, Timer } from "../../platform/types.ts";
import type { CallFault } from "../link/call.ts";
import type { Message } from "../link/message_reader.ts";
import { AskedCall, type LinkOwner, PluginLink } from "../link/plugin_link.ts";
import { type InitializeResult, initializeResultSchema } from "../protocol/initialize.ts";
import { LogLines } from "./log_lines.ts";
import type { PluginEnv } from "./plugin_env.ts";
import { pluginVariables } from "./plugin_variables.ts";
import { EVERY_NUMBER, type Numbering, type PoolProcess, type ProcessHearer } from "./pool_process.ts";
import { StrayLimit, TOO_MANY_STRAY } from "./stray_limit.ts";

/** Versions of the protocol that are spoken here. */
const PROTOCOL = { min: 1, max: 1 };
/** Between the end of a plugin's input, SIGTERM and SIGKILL. */
const GRACE_MS = 2_000;

export interface PluginProcessOwner {
  /** It has answered `initialize`, and takes calls when the owner has configured it. */
  onInitialized(p: PluginProcess): void;
  /** Once: it is gone or of no more use. `why`: for people. */
  onGone(p: PluginProcess, why: string): void;
}

/*
 * starting ──answer──▶ ready ──leave──▶ leaving ──▶ gone      `leaving`: no new calls; `shutdown` is sent, then come the end of its
 *     └──fault, exit, no answer──┴──────────┴───────▲         input, SIGTERM and SIGKILL, each after a while.
 */
const STARTING = 0;
const READY = 1;
const LEAVING = 2;
const GONE = 3;

/** One process of a plugin. */
export class PluginProcess implements LinkOwner, PoolProcess {
  readonly index: number;
  readonly link: PluginLink;
  readonly #env: PluginEnv;
  readonly #spec: PluginSpec;
  readonly #owner: PluginProcessOwner;
  readonly #hearer: ProcessHearer<PluginProcess>;
  readonly #lines: LogLines;
  readonly #stray: StrayLimit;
  #exchanges = 0;
  #state = STARTING;
  #process: Process | null = null;
  #info: InitializeResult | null = null;
  #timer: Timer | null = null;
  #ping: Timer | null = null;
  #fault = "";
  #told = false;

  constructor(
    env: PluginEnv,
    spec: PluginSpec,
    index: number,
    owner: PluginProcessOwner,
    hearer: ProcessHearer<PluginProcess>,
    ids: Numbering = EVERY_NUMBER,
  ) {
    this.#env = env;
    this.#spec = spec;
    this.index = index;
    this.#owner = owner;
    this.#hearer = hearer;
    this.#stray = new StrayLimit(() => env.platform.now());
    this.link = new PluginLink(this, env, spec.messageBytes, ids);
    const facts = { plugin: spec.name, process: index };
    this.#lines = new LogLines(
      (line) => env.log.log("info", "a plugin says", { ...facts, line }),
      () => env.platform.now(),
    );
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** It can take calls. */
  get ready(): boolean {
    return this.#state === READY;
  }

  /** What it said of itself. Only when it is or was ready. */
  get info(): InitializeResult {
    return this.#info!;
  }

  get exchanges(): number {
    return this.#exchanges;
  }

  enter(): void {
    this.#exchanges++;
  }

  exit(): void {
    this.#exchanges--;
  }

  start(): void {
    const { command, env, cwd, startMs } = this.#spec;
    const account = this.#env.accountOf(this.#spec);
    if (typeof account === "string") {
      this.kill(`it does not start: ${account}`);
      return;
    }
    this.#process = this.#env.processes.spawn(
      {
        command: command[0]!,
        args: command.slice(1),
        env: pluginVariables(this.#env.env, env),
        ...(cwd === null ? {} : { cwd }),
        ...(account === null ? {} : { account }),
        stdin: "pipe",
        stdout: "pipe",
        stderr: "pipe",
        // A terminal's Ctrl-C is Weir's to answer: what is in flight still needs its plugins.
        owned: true,
      },
      {
        onStdout: (b) => this.link.receive(b),
        onStderr: (b) => this.#lines.receive(b),
        onExit: (how) => this.#exited(how),
        onClose: () => this.#lines.close(),
      },
    );
    const call = new AskedCall(this.link);
    this.link.request(call, "initialize", JSON.stringify(this.#hello()), this.#env.platform.now() + startMs);
    void call.answer.then((a) => this.#event(() => this.#initialized(a)));
  }

  /** No new calls. It ends when it has answered, or is made to. */
  leave(): void {
    if (this.#state >= LEAVING) return;
    const wasReady = this.#state === READY;
    this.#state = LEAVING;
    this.#ping?.cancel();
    if (!wasReady) {
      this.kill("it is of no more use");
      return;
    }
    const call = new AskedCall(this.link);
    this.link.request(call, "shutdown", "{}", this.#env.platform.now() + GRACE_MS);
    void call.answer.then(() => this.#event(() => this.#end()));
  }

  /** Ends it at once: its calls fail now. */
  kill(why: string): void {
    if (this.#state === GONE) return;
    this.#fault ||= why;
    this.#process?.kill("SIGKILL");
    this.#gone();
  }

  /** Bytes that its input holds because it does not read them. */
  get queued(): number {
    return this.#process?.queued ?? 0;
  }

  /** Lines of its log that were left out since this was last asked. */
  takeDroppedLines(): number {
    return this.#lines.takeDropped();
  }

  // ---- LinkOwner ----

  write(b: Uint8Array): void {
    this.#process?.write(b);
  }

  onNotice(method: string, params: Message, bytes: Uint8Array | null, line: Uint8Array): void {
    if (this.#state !== READY && this.#state !== LEAVING) return;
    if (!this.#hearer.onNotice(this, method, params, bytes, line)) this.#mayStray();
  }

  onRequest(id: number | string, method: string, params: Message, bytes: Uint8Array | null, line: Uint8Array): void {
    if (this.#mayStray()) this.#hearer.onRequest(this, id, method, params, bytes, line);
  }

  onUnasked(id: unknown, line: Uint8Array, bytes: Uint8Array | null): void {
    if (!this.#hearer.onUnasked(this, id, line, bytes)) this.#mayStray();
  }

  onBroken(why: string): void {
    this.kill(`its standard output is for messages of the protocol alone: found ${why}`);
  }

  // ---- its life ----

  #hello(): unknown {
    const { name, config, messageBytes, bodyBytes, streamWindow, concurrency, grants } = this.#spec;
    const calls = ["log", "count", ...(grants.kv ? ["kv.get", "kv.set", "kv.delete", "kv.add"] : [])];
    if (grants.http.length > 0) calls.push("http");
    return {
      protocol: PROTOCOL,
      host: { name: "weir", version: this.#env.version },
      plugin: name,
      process: this.index,
      capabilities: { binary: true, calls },
      limits: { messageBytes, bodyBytes, streamWindow, concurrency },
      config,
    };
  }

  #initialized(a: { readonly result: unknown } | CallFault): void {
    if (this.#state !== STARTING) return;
    if (!("result" in a)) {
      const what = a.outcome === "timeout" ? `it did not answer within ${this.#spec.startMs} ms` : `it said: ${a.message}`;
      this.kill(`it does not start: ${what}`);
      return;
    }
    const parsed = initializeResultSchema.safeParse(a.result);
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!;
      this.kill(`its answer to initialize is not the protocol's: ${path.join(".")}: ${message}`);
      return;
    }
    if (parsed.data.protocol < PROTOCOL.min || parsed.data.protocol > PROTOCOL.max) {
      this.kill(`use a version of the plugin for protocol ${PROTOCOL.max}: it speaks ${parsed.data.protocol}`);
      return;
    }
    this.#info = parsed.data;
    if (parsed.data.capabilities?.binary === true) this.link.allowFrames();
    this.#state = READY;
    this.link.notify("initialized", "{}");
    this.#pingLater();
    this.#owner.onInitialized(this);
  }

  #pingLater(): void {
    const { ping } = this.#spec;
    if (ping === null) return;
    this.#ping = this.#env.platform.setTimer(ping.everyMs, () => {
      if (this.#state !== READY) return;
      const call = new AskedCall(this.link);
      this.link.request(call, "ping", "{}", this.#env.platform.now() + ping.timeoutMs);
      void call.answer.then((a) =>
        this.#event(() => {
          if (this.#state !== READY) return;
          if ("result" in a) this.#pingLater();
          else this.kill(`it hangs: no answer to a ping within ${ping.timeoutMs} ms`);
        }),
      );
    });
  }

  #end(): void {
    if (this.#state === GONE) return;
    this.#process?.endInput();
    this.#timer = this.#env.platform.setTimer(GRACE_MS, () => {
      this.#process?.kill("SIGTERM");
      this.#timer = this.#env.platform.setTimer(GRACE_MS, () => this.kill("it did not end when it was asked to"));
    });
  }

  #exited({ code, signal, failed }: ProcessExit): void {
    const how = failed !== null ? failed.message : signal !== null ? `it was ended by ${signal}` : `it ended with code ${code}`;
    this.#event(() => {
      if (this.#state === GONE) return;
      this.#fault ||= how;
      this.#gone();
    });
  }

  #gone(): void {
    this.#state = GONE;
    this.#timer?.cancel();
    this.#ping?.cancel();
    this.link.close({ outcome: "gone", message: this.#fault });
    if (this.#told) return;
    this.#told = true;
    this.#owner.onGone(this, this.#fault);
  }

  /** Whether there is room for one more message that nobody asked for. */
  #mayStray(): boolean {
    if (this.#stray.take()) return true;
    this.kill(TOO_MANY_STRAY);
    return false;
  }

  #event(f: () => void): void {
    const { flusher } = this.#env;
    flusher.enter();
    f();
    flusher.leave();
  }
}
