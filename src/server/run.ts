import { controlPath } from "../config/control_path.ts";
import type { Model } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import type { ConfigSink, ConfigSource, Receipt } from "../config/source.ts";
import type { Closer, Listener, Platform } from "../platform/types.ts";
import type { AdjustableEventLog } from "../telemetry/create_event_log.ts";
import { type Control, type ControlCommand, serveControl } from "./control.ts";
import { dropPrivileges } from "./privileges.ts";
import { Server } from "./server.ts";
import type { ControlAnswer } from "./status.ts";

export interface RunEnv {
  readonly platform: Platform;
  readonly log: AdjustableEventLog;
  readonly source: ConfigSource;
  readonly build: { readonly version: string; readonly commit: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of the control socket; null: as the config says, or the default place. */
  readonly control: string | null;
  /** Is given what counts a callback's throw. */
  readonly onFaultCounter: (count: () => void) => void;
  /** Shows the problems of a config to people. */
  readonly showProblems: (problems: readonly Problem[]) => void;
}

/** Runs until it is told to stop. Resolves with the exit code: 0, or 1 when the first config can't be put in force. */
export async function run(o: RunEnv): Promise<number> {
  return await new Run(o).start();
}

class Run implements ConfigSink {
  readonly #o: RunEnv;
  readonly #server: Server;
  readonly #abort = new AbortController();
  readonly #signals: Closer;
  #control: Listener | null = null;
  #stopping = false;
  #started = false;
  #exit: (code: number) => void = () => {};
  readonly #exited: Promise<number>;

  constructor(o: RunEnv) {
    this.#o = o;
    this.#server = new Server({ platform: o.platform, log: o.log, build: o.build });
    o.onFaultCounter(() => this.#server.metrics.server.callbackThrows.add(1));
    this.#exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
    this.#signals = this.#onSignals();
  }

  async start(): Promise<number> {
    const source = this.#o.source.run(this, this.#abort.signal).catch((e: unknown) => {
      this.#o.log.log("error", "the config source failed", { source: this.#o.source.name, reason: String(e) });
      if (!this.#started) this.#exit(1);
    });
    const code = await this.#exited;
    this.#abort.abort();
    await source;
    await this.#control?.close();
    this.#signals.close();
    return code;
  }

  // ---- ConfigSink ----

  async offer(m: Model, warnings: readonly Problem[]): Promise<Receipt> {
    if (!this.#started) this.#o.log.adjust(m.log);
    const receipt = await this.#server.apply(m);
    if (receipt.problems.length > 0) return this.#refused(receipt);
    if (warnings.length > 0) {
      this.#o.showProblems(warnings);
      this.#o.log.log("warning", "config has warnings", { source: this.#o.source.name, problems: inLog(warnings) });
    }
    this.#o.log.adjust(m.log);
    if (!this.#started) await this.#begin(m);
    else this.#o.log.log("info", "config applied", { generation: receipt.generation, source: this.#o.source.name });
    return receipt;
  }

  refuse(problems: readonly Problem[]): Receipt {
    this.#server.metrics.server.reloadRefused();
    return this.#refused({ generation: this.#server.status().generation, problems });
  }

  #refused(receipt: Receipt): Receipt {
    this.#o.showProblems(receipt.problems);
    const facts = { source: this.#o.source.name, problems: inLog(receipt.problems) };
    if (this.#started) this.#o.log.log("error", "config refused, the one before stays in force", facts);
    else {
      this.#o.log.log("error", "config refused", facts);
      this.#exit(1);
    }
    return receipt;
  }

  /** The first config is in force: privileges go, the control socket comes. */
  async #begin(m: Model): Promise<void> {
    const { platform, log, env, build } = this.#o;
    const asked = this.#o.control ?? m.control;
    const path = asked ?? controlPath(m, { env, uid: process.getuid?.() ?? null });
    try {
      this.#control = await serveControl(platform, path, this.#command);
      log.log("info", "control socket is open", { path });
    } catch (e) {
      // Asked for by its path it must be there; the default one is a convenience.
      const level = asked === null ? "warning" : "error";
      log.log(level, "no control socket: name this weir or its socket otherwise", { path, reason: messageOf(e) });
      if (asked !== null) return await this.#giveUp();
    }
    const failure = dropPrivileges(m.process, platform.os);
    if (failure !== null) {
      log.log("error", "giving up privileges failed", { reason: failure });
      return await this.#giveUp();
    }
    this.#started = true;
    log.log("info", "weir is ready", { name: m.name, version: build.version, runtime: platform.name, pid: process.pid });
  }

  async #giveUp(): Promise<void> {
    await this.#server.stop();
    this.#exit(1);
  }

  // ---- commands ----

  readonly #command: Control = async (command: ControlCommand): Promise<ControlAnswer> => {
    switch (command) {
      case "status":
        return { ok: true, message: "", data: this.#server.status() };
      case "reload": {
        const r = await this.#o.source.reload();
        const errors = r.problems.filter((p) => p.severity === "error");
        return errors.length === 0
          ? { ok: true, message: `generation ${r.generation} is in force`, data: { generation: r.generation } }
          : {
              ok: false,
              message: `refused, generation ${r.generation} stays in force`,
              data: { generation: r.generation, problems: r.problems },
            };
      }
      case "drain":
        this.#drain();
        return { ok: true, message: "draining", data: null };
      case "stop":
        // On a later turn, so that the answer leaves first.
        this.#o.platform.setTimer(10, () => void this.#stop(), true);
        return { ok: true, message: "stopping", data: null };
    }
  };

  #drain(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    void this.#server.drain().then(() => this.#exit(0));
  }

  async #stop(): Promise<void> {
    this.#stopping = true;
    await this.#server.stop();
    this.#exit(0);
  }

  #onSignals(): Closer {
    const end = (): void => {
      if (this.#stopping) void this.#stop();
      else if (this.#started) this.#drain();
      else this.#exit(0);
    };
    const reload = (): void => {
      this.#o.log.log("info", "reloading on SIGHUP");
      void this.#o.source.reload();
    };
    const reopen = (): void => this.#server.accessLogs.reopen();
    const noUpgrade = (): void => this.#o.log.log("warning", "no upgrade in this version: SIGUSR2 is ignored, restart instead");
    const wired: readonly (readonly [NodeJS.Signals, () => void])[] = [
      ["SIGTERM", end],
      ["SIGINT", end],
      ["SIGHUP", reload],
      ["SIGUSR1", reopen],
      // Without a handler it ends the process: an operator's script for a later version must not.
      ["SIGUSR2", noUpgrade],
    ];
    for (const [signal, f] of wired) process.on(signal, f);
    return {
      close: () => {
        for (const [signal, f] of wired) process.off(signal, f);
      },
    };
  }
}

/** Problems told in one log line; `weir check` tells all. */
const LOGGED_PROBLEMS = 20;

function inLog(problems: readonly Problem[]): string[] {
  const lines = problems.slice(0, LOGGED_PROBLEMS).map(oneLine);
  if (problems.length > LOGGED_PROBLEMS) lines.push(`and ${problems.length - LOGGED_PROBLEMS} more, which weir check tells`);
  return lines;
}

function oneLine(p: Problem): string {
  const at = p.place === null ? "" : `${p.place.file}:${p.place.line}:${p.place.column}: `;
  return `${at}${p.severity}: ${p.message}${p.hint === "" ? "" : ` (${p.hint})`}`;
}

function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
