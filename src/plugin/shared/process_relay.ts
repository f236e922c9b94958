import type { Conn } from "../../platform/types.ts";
import type { Message } from "../link/message_reader.ts";
import { HOST_CALL_FAILED } from "../link/plugin_link.ts";
import type { PluginEnv } from "../process/plugin_env.ts";
import type { PluginProcess } from "../process/plugin_process.ts";
import { STEP } from "./marks.ts";
import { RelaySession, type SessionSide } from "./relay_session.ts";

/** Bytes that the process has not read, above which nothing more is taken from workers: it waits there, as with a process of their own. */
const WAITING_BYTES = 1024 * 1024;
/** Nobody tells when the process has read. */
const LOOK_MS = 5;

/** One process of a plugin, and the workers that talk to it through its supervisor. */
export class ProcessRelay implements SessionSide {
  readonly process: PluginProcess;
  readonly #env: PluginEnv;
  /** The plugin wants to hear of the end of exchanges. */
  readonly #wantsDone: boolean;
  readonly #sessions = new Map<number, RelaySession>();
  #next = 0;
  #paused = false;
  #retired = false;

  constructor(process: PluginProcess, env: PluginEnv, wantsDone: boolean) {
    this.process = process;
    this.#env = env;
    this.#wantsDone = wantsDone;
  }

  get isRetired(): boolean {
    return this.#retired;
  }

  /** Clusters of some worker have their endpoints from it. */
  get isWatched(): boolean {
    return [...this.#sessions.values()].some((s) => s.watches.size > 0);
  }

  /** A worker takes part, over `conn`. */
  join(conn: Conn, rest: number): RelaySession {
    const s = new RelaySession(conn, rest, this, this.#env.flusher);
    this.#sessions.set(rest, s);
    if (this.#paused) s.pause();
    return s;
  }

  /** Workers give it no new exchanges; it leaves when none has one left. */
  retire(): void {
    this.#retired = true;
    for (const s of this.#sessions.values()) s.retire();
    this.#leaveWhenFree();
  }

  gone(why: string): void {
    for (const s of this.#sessions.values()) s.end(why);
    this.#sessions.clear();
  }

  // ---- from the process ----

  /** False: nobody waits for it. */
  notice(params: Message, line: Uint8Array, bytes: Uint8Array | null): boolean {
    const { x, watch } = params as { readonly x?: unknown; readonly watch?: unknown };
    if (typeof x === "number") {
      const s = this.#sessions.get(x % STEP);
      return s?.exchanges.has(x) === true && this.#pass(s, line, bytes);
    }
    if (typeof watch !== "number") return false;
    const s = this.#sessions.get(watch % STEP);
    return s?.watches.has(watch) === true && this.#pass(s, line, bytes);
  }

  /** An answer; false: nobody waits for it. */
  answer(id: unknown, line: Uint8Array, bytes: Uint8Array | null): boolean {
    if (typeof id !== "number") return false;
    const s = this.#sessions.get(id % STEP);
    return s?.open.delete(id) === true && this.#pass(s, line, bytes);
  }

  /** A request that any worker can answer. */
  request(id: number | string, line: Uint8Array, bytes: Uint8Array | null): void {
    const all = [...this.#sessions.values()];
    if (all.length === 0) this.process.link.refuse(id, HOST_CALL_FAILED, "no worker serves");
    else all[this.#next++ % all.length]!.passRequest(id, line, bytes);
  }

  #pass(s: RelaySession, line: Uint8Array, bytes: Uint8Array | null): boolean {
    s.pass(line, bytes);
    if (s.isFull) this.process.kill("it sends more than a worker reads");
    return true;
  }

  // ---- SessionSide ----

  onData(_: RelaySession, b: Uint8Array): void {
    this.process.write(b);
    if (this.#paused || this.process.queued <= WAITING_BYTES) return;
    this.#paused = true;
    for (const s of this.#sessions.values()) s.pause();
    this.#look();
  }

  onKill(_: RelaySession, why: string): void {
    this.process.kill(why);
  }

  /** What it leaves open ends for the process. */
  onClosed(s: RelaySession): void {
    if (this.#sessions.get(s.rest) !== s) return;
    this.#sessions.delete(s.rest);
    const { link } = this.process;
    for (const id of s.open) link.notify("cancel", `{"id":${id}}`);
    if (this.#wantsDone) for (const x of s.exchanges) link.notify("done", `{"x":${x}}`);
    for (const watch of s.watches) link.notify("unwatchEndpoints", `{"watch":${watch}}`);
    for (const id of s.asked.values()) link.refuse(id, HOST_CALL_FAILED, "the worker that saw to it has ended");
    this.#leaveWhenFree();
  }

  #leaveWhenFree(): void {
    if (this.#retired && this.#sessions.size === 0) this.process.leave();
  }

  #look(): void {
    this.#env.platform.setTimer(LOOK_MS, () => {
      if (this.process.queued > WAITING_BYTES && this.process.ready) {
        this.#look();
        return;
      }
      this.#paused = false;
      for (const s of this.#sessions.values()) s.resume();
    });
  }
}
