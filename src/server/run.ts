import { controlPath } from "../config/control_path.ts";
import type { Model } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import type { ConfigSink, ConfigSource, Receipt } from "../config/source.ts";
import type { Closer, HeldListener, Listener, Platform, UnixAddress } from "../platform/types.ts";
import type { AdjustableEventLog } from "../telemetry/create_event_log.ts";
import { type Control, type ControlRequest, serveControl } from "./control.ts";
import type { Host } from "./host/host.ts";
import { bindLabel } from "./internal_listeners.ts";
import type { Mover } from "./moving/moved_connection.ts";
import type { WeirNumbers } from "./numbers/weir_numbers.ts";
import { dropPrivileges } from "./privileges.ts";
import { findOrphans, type Orphans } from "./processes/find_orphans.ts";
import type { Serving } from "./serving.ts";
import { onSignals } from "./signals.ts";
import type { HeldSockets } from "./sockets/held_socket.ts";
import type { ControlAnswer } from "./status.ts";
import type { Inheritance } from "./upgrade/inheritance.ts";
import type { Succession } from "./upgrade/successor.ts";
import { type UpgradeRequest, Upgrader } from "./upgrade/upgrader.ts";

export interface RunEnv {
  readonly platform: Platform;
  readonly log: AdjustableEventLog;
  readonly serving: Serving;
  readonly numbers: WeirNumbers;
  readonly source: ConfigSource;
  readonly build: { readonly version: string; readonly commit: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The arguments that this process was started with, for one that goes on in its place. */
  readonly args: readonly string[];
  /** What a process left that this one goes on for; null: there was none. */
  readonly inheritance: Inheritance | null;
  /** Sockets that listeners go on with; what the first config does not ask for is closed. */
  readonly held: HeldSockets;
  readonly host: Host;
  /** Path of the control socket; null: as the config says, or the default place. */
  readonly control: string | null;
  /** Path of the PID file; null: as the config says. */
  readonly pidFile: string | null;
  /** Shows the problems of a config to people. */
  readonly showProblems: (problems: readonly Problem[]) => void;
}

/** Runs until it is told to stop. Resolves with the exit code: 0, or 1 when the first config can't be put in force. */
export async function run(o: RunEnv): Promise<number> {
  return await new Run(o).start();
}

class Run implements ConfigSink {
  readonly #o: RunEnv;
  readonly #serving: Serving;
  readonly #abort = new AbortController();
  readonly #signals: Closer;
  readonly #upgrader: Upgrader;
  #control: Listener | null = null;
  #controlPath = "";
  #orphans: Orphans | null = null;
  #stopping = false;
  #started = false;
  #model: Model | null = null;
  #generation = 0;
  /** Why it did not start, for a process that waits to hear it. */
  #whyNot = "it ended before it was ready";
  #exit: (code: number) => void = () => {};
  readonly #exited: Promise<number>;

  constructor(o: RunEnv) {
    this.#o = o;
    this.#serving = o.serving;
    this.#exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
    this.#upgrader = new Upgrader({ platform: o.platform, log: o.log, args: o.args, env: o.env, numbers: o.numbers });
    this.#signals = onSignals({
      end: () => this.#endSignal(),
      reload: () => {
        this.#o.log.log("info", "reloading on SIGHUP");
        void this.#reload();
      },
      reopen: () => this.#serving.reopenLogs(),
      upgrade: () => void this.#upgrade({ binary: null, timeoutMs: UPGRADE_MS }),
    });
  }

  async start(): Promise<number> {
    const source = this.#o.source.run(this, this.#abort.signal).catch((e: unknown) => {
      this.#o.log.log("error", "the config source failed", { source: this.#o.source.name, reason: String(e) });
      if (!this.#started) this.#exit(1);
    });
    const code = await this.#exited;
    if (!this.#started) {
      this.#o.host.failed();
      this.#leavePaths();
      await this.#o.inheritance?.failed(this.#whyNot);
      await this.#serving.stop();
    }
    this.#abort.abort();
    await source;
    await this.#control?.close();
    this.#signals.close();
    await this.#o.host.close();
    return code;
  }

  // ---- ConfigSink ----

  async offer(m: Model, warnings: readonly Problem[]): Promise<Receipt> {
    if (this.#started) return await this.#o.host.reload(() => this.#offer(m, warnings), this.#statusLine);
    this.#o.log.adjust(m.log);
    await this.#takeOrphans(m);
    return await this.#offer(m, warnings);
  }

  refuse(problems: readonly Problem[]): Receipt {
    return this.#refused(this.#serving.refuse(problems));
  }

  async #offer(m: Model, warnings: readonly Problem[]): Promise<Receipt> {
    const receipt = await this.#serving.apply(m);
    if (this.#stopping && !this.#started) return receipt;
    if (receipt.problems.length > 0) return this.#refused(receipt);
    if (warnings.length > 0) {
      this.#o.showProblems(warnings);
      this.#o.log.log("warning", "config has warnings", { source: this.#o.source.name, problems: inLog(warnings) });
    }
    this.#generation = receipt.generation;
    this.#o.log.adjust(m.log);
    this.#model = m;
    if (!this.#started) await this.#begin(m);
    else this.#o.log.log("info", "config applied", { generation: receipt.generation, source: this.#o.source.name });
    return receipt;
  }

  #refused(receipt: Receipt): Receipt {
    this.#o.showProblems(receipt.problems);
    const facts = { source: this.#o.source.name, problems: inLog(receipt.problems) };
    if (this.#started) this.#o.log.log("error", "config refused, the one before stays in force", facts);
    else {
      this.#whyNot = `the config is refused: ${inLog(receipt.problems).join("; ")}`;
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
      this.#control = await serveControl(platform, this.#controlAt(path), this.#command);
      this.#controlPath = path;
      log.log("info", "control socket is open", { path });
    } catch (e) {
      // Asked for by its path it must be there; the default one is a convenience.
      const level = asked === null ? "warning" : "error";
      log.log(level, "no control socket: name this weir or its socket otherwise", { path, reason: messageOf(e) });
      if (asked !== null) return await this.#giveUp(`no control socket at ${path}: ${messageOf(e)}`);
    }
    if (this.#stopping) return;
    const pidFile = this.#o.pidFile ?? m.pidFile;
    const unwritten = pidFile === null ? null : this.#o.host.writePidFile(pidFile);
    if (unwritten !== null) {
      log.log("error", "name a PID file that can be written", { path: pidFile, reason: unwritten });
      return await this.#giveUp(`the PID file can't be written: ${unwritten}`);
    }
    const failure = dropPrivileges(m.process, platform.os);
    if (failure !== null) {
      log.log("error", "giving up privileges failed", { reason: failure });
      return await this.#giveUp(`giving up privileges failed: ${failure}`);
    }
    this.#started = true;
    this.#closeRest();
    this.#o.host.ready(this.#statusLine());
    this.#o.inheritance?.adopt((moved) => this.#serving.adopt(moved));
    this.#o.inheritance?.ready();
    this.#orphans?.drain();
    this.#orphans = null;
    void this.#readDatagrams();
    log.log("info", "weir is ready", { name: m.name, version: build.version, runtime: platform.name, pid: process.pid });
  }

  /** Two that read from one socket would take datagrams from each other's sessions: the process before this one stops first. */
  async #readDatagrams(): Promise<void> {
    const { inheritance, platform } = this.#o;
    if (inheritance !== null) {
      const late = new Promise<void>((resolve) => platform.setTimer(RELEASE_MS, resolve));
      await Promise.race([inheritance.released, late]);
    }
    this.#serving.readDatagrams();
  }

  /** A weir that was killed left workers that serve: this one goes on with their sockets. */
  async #takeOrphans(m: Model): Promise<void> {
    const { platform, env, control } = this.#o;
    const path = control ?? m.control ?? controlPath(m, { env, uid: process.getuid?.() ?? null });
    this.#orphans = await findOrphans(platform, path);
    if (this.#orphans === null) return;
    this.#o.held.add(this.#orphans.sockets);
    this.#o.log.log("info", "workers that serve without a supervisor are taken over", { sockets: this.#orphans.sockets.length });
  }

  #closeRest(): void {
    for (const { fd, bind } of this.#o.held.takeRest()) {
      this.#o.log.log("warning", "a socket that was handed on is closed: no listener has its address", {
        address: bindLabel(bind),
      });
      this.#o.platform.linux?.closeDescriptor(fd);
    }
  }

  /** A predecessor's control socket when it is the same one. */
  #controlAt(path: string): UnixAddress | HeldListener {
    const held = this.#o.inheritance?.control ?? null;
    if (held === null) return { kind: "unix", path };
    if (held.bind.kind === "unix" && held.bind.path === path) return { fd: held.fd, address: held.bind, removesPath: true };
    this.#o.platform.linux?.closeDescriptor(held.fd);
    return { kind: "unix", path };
  }

  async #giveUp(why: string): Promise<void> {
    this.#whyNot = why;
    this.#leavePaths();
    await this.#serving.stop();
    this.#exit(1);
  }

  /** The one that this process was to follow serves on, at the same paths. */
  #leavePaths(): void {
    if (this.#o.inheritance === null) return;
    this.#serving.succeeded();
    this.#control?.keepPath();
  }

  /** What a service manager shows of a weir that serves. */
  readonly #statusLine = (): string => {
    const n = this.#model?.listeners.size ?? 0;
    return `Serving ${n} ${n === 1 ? "listener" : "listeners"}, config generation ${this.#generation}`;
  };

  // ---- commands ----

  readonly #command: Control = async (request: ControlRequest): Promise<ControlAnswer> => {
    switch (request.command) {
      case "status":
        return { ok: true, message: "", data: await this.#serving.status() };
      case "certs":
        return { ok: true, message: "", data: await this.#serving.certs() };
      case "reload": {
        const r = await this.#reload();
        const errors = r.problems.filter((p) => p.severity === "error");
        return errors.length === 0
          ? { ok: true, message: `generation ${r.generation} is in force`, data: { generation: r.generation } }
          : {
              ok: false,
              message: `refused, generation ${r.generation} stays in force`,
              data: { generation: r.generation, problems: r.problems },
            };
      }
      case "upgrade": {
        const r = await this.#upgrade({ binary: request.binary ?? null, timeoutMs: request.timeoutMs ?? UPGRADE_MS });
        return "failure" in r
          ? { ok: false, message: `not upgraded, this process serves on: ${r.failure}`, data: null }
          : { ok: true, message: `upgraded: process ${r.pid} serves, ${process.pid} drains`, data: { pid: r.pid } };
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

  async #reload(): Promise<Receipt> {
    const reload = (): Promise<Receipt> => this.#o.source.reload();
    return this.#started ? await this.#o.host.reload(reload, this.#statusLine) : await reload();
  }

  async #upgrade(request: UpgradeRequest): Promise<Succession> {
    if (this.#stopping || !this.#started) return { failure: this.#stopping ? "weir is draining" : "weir is starting" };
    const fd = this.#control?.descriptor ?? null;
    const result = await this.#upgrader.upgrade(request, {
      sockets: this.#serving.heldSockets(),
      control: fd === null ? null : { path: this.#controlPath, fd },
      generation: this.#generation,
      health: this.#serving.healthRecords(),
      ...this.#o.host.estate(),
      onEnd: (pid, how) => this.#o.host.successorEnded(pid, how),
    });
    if (!("failure" in result)) await this.#leave(result);
    return result;
  }

  /** Another process goes on with the sockets: what is in flight here ends here. */
  async #leave({ pid, mover }: { readonly pid: number; readonly mover: Mover }): Promise<void> {
    this.#o.host.handedOn(pid);
    this.#abort.abort();
    try {
      await this.#serving.succeeded();
    } catch (e) {
      this.#o.log.log("error", "handing datagrams over failed", { reason: messageOf(e) });
    }
    this.#upgrader.release();
    await this.#serving.moveIdle(mover);
    this.#control?.keepPath();
    // On a later turn, so that the answer leaves first.
    this.#o.platform.setTimer(10, () => void this.#control?.close(), true);
    if (this.#stopping) return;
    this.#stopping = true;
    void this.#endBehind();
  }

  async #endBehind(): Promise<void> {
    await this.#serving.drain({ delayMs: 0, patient: true });
    // What a process before this one counts while it drains reaches the one behind through this one.
    await this.#o.inheritance?.ended;
    this.#exit(0);
  }

  #drain(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#upgrader.cancel();
    this.#o.host.stopping();
    void Promise.all([this.#serving.drain(), this.#predecessorEnds()]).then(() => this.#exit(0));
  }

  /**
   * The end of the main process is the end of a service, for whoever runs it: what drains since an upgrade has the time that this one
   * would have.
   */
  async #predecessorEnds(): Promise<void> {
    const { inheritance, platform } = this.#o;
    const { limitMs, tunnelsMs } = this.#model!.drain;
    if (inheritance === null) return;
    const late = new Promise<void>((resolve) => platform.setTimer(Math.max(limitMs, tunnelsMs), resolve, true));
    await Promise.race([inheritance.ended, late]);
  }

  #endSignal(): void {
    if (this.#stopping) void this.#stop();
    else if (this.#started) this.#drain();
    else {
      this.#stopping = true;
      this.#exit(0);
    }
  }

  async #stop(): Promise<void> {
    this.#stopping = true;
    this.#upgrader.cancel();
    this.#o.host.stopping();
    await this.#serving.stop();
    this.#exit(0);
  }
}

/** Milliseconds that a new process has to become ready, unless it is said otherwise. */
const UPGRADE_MS = 60_000;
/** A process that hangs over its last datagrams is not waited for longer. */
const RELEASE_MS = 5_000;
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
