import type { Model } from "../../config/model.ts";
import type { Problem } from "../../config/problem.ts";
import type { Timer } from "../../platform/types.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import type { ConnectionCounts } from "../counts/connection_counts.ts";
import { bindLabel } from "../internal_listeners.ts";
import { ListenerChange } from "../listener_change.ts";
import { sameUdpSocket } from "../same_socket.ts";
import type { HeldSocket } from "../sockets/held_socket.ts";
import type { Status } from "../status.ts";
import { type CompileUdpEnv, compileUdpSites } from "./compile_udp.ts";
import { UdpListener, type UdpListenerEnv } from "./udp_listener.ts";

/** Listeners of a config that is not in force yet. */
export interface PreparedUdp {
  readonly problems: readonly Problem[];
  commit(): void;
  undo(): Promise<void>;
}

/** The system's count of what it dropped is looked at so often, in milliseconds. */
const LOOK_MS = 1_000;

/** All listeners of datagrams of a server. */
export class UdpListeners {
  readonly #env: Omit<UdpListenerEnv, "counts">;
  readonly #log: EventLog;
  readonly #listeners = new Map<string, UdpListener>();
  /** Removed by a reload, with sessions that have not ended. */
  readonly #leaving = new Set<UdpListener>();
  #reads = false;
  #handedOver = false;
  #lastId = 0;
  #look: Timer | null = null;

  constructor(env: Pick<UdpListenerEnv, "platform" | "sockets" | "shedding">, log: EventLog) {
    this.#env = { ...env, reads: () => this.#reads, nextId: () => ++this.#lastId };
    this.#log = log;
  }

  /** Binds what is new. */
  async prepare(model: Model, env: CompileUdpEnv, counts: ConnectionCounts): Promise<PreparedUdp> {
    const sites = compileUdpSites(model, env);
    const { exclusive } = this.#env.sockets;
    const change = new ListenerChange(this.#listeners, model.udpListeners, sameUdpSocket, exclusive);
    const problems = await change.bind((spec) => new UdpListener({ ...this.#env, counts }, spec, sites.get(spec.name)!));
    return {
      problems,
      commit: () => {
        this.#listeners.clear();
        for (const l of change.leaving) this.#leave(l, model);
        for (const [name, l] of change.kept) {
          l.become(model.udpListeners.get(name)!, sites.get(name)!);
          this.#listeners.set(name, l);
        }
        for (const l of change.bound) {
          this.#listeners.set(l.spec.name, l);
          if (l.address !== null) this.#log.log("info", "listening", { listener: l.spec.name, address: bindLabel(l.address) });
        }
        this.#lookSoon();
      },
      undo: () => change.undo(this.#log),
    };
  }

  /** Sockets may be read: no predecessor reads them any more. */
  read(): void {
    if (this.#reads) return;
    this.#reads = true;
    for (const l of this.#listeners.values()) l.read();
  }

  /**
   * Another process goes on with the sockets, and the sessions that are open stay here. `alone`: all sockets of these addresses are this
   * process's, so that it lets sockets of sessions be bound beside them; else somebody has seen to it.
   */
  handOver(alone: boolean): void {
    if (this.#handedOver) return;
    this.#handedOver = true;
    for (const l of this.#listeners.values()) {
      if (alone) l.shareAddress(true);
      l.handOver();
      if (alone) l.shareAddress(false);
    }
  }

  get(name: string): UdpListener | undefined {
    return this.#listeners.get(name);
  }

  unshare(worker: number): void {
    for (const l of this.#listeners.values()) l.unshare(worker);
  }

  heldSockets(): readonly HeldSocket[] {
    return [...this.#listeners.values()].flatMap((l) => l.heldSockets());
  }

  status(): Status["listeners"] {
    return [...this.#listeners.values()].map((l) => ({
      name: l.spec.name,
      address: bindLabel(l.address ?? l.spec.bind),
      connections: l.sessions,
    }));
  }

  /** No new sessions from here on. */
  drain(): void {
    for (const l of this.#listeners.values()) l.drain();
  }

  /** Resolves when no session is left. */
  async emptied(): Promise<void> {
    await Promise.all([...this.#listeners.values(), ...this.#leaving].map((l) => l.emptied()));
  }

  cut(): void {
    for (const l of [...this.#listeners.values(), ...this.#leaving]) l.cut();
  }

  async stop(): Promise<void> {
    this.#look?.cancel();
    await Promise.all([...this.#listeners.values(), ...this.#leaving].map((l) => l.unbind()));
  }

  #leave(l: UdpListener, { drain }: Model): void {
    this.#leaving.add(l);
    l.drain();
    const cut = this.#env.platform.setTimer(drain.tunnelsMs, () => l.cut());
    void l
      .emptied()
      .then(() => l.unbind())
      .then(() => {
        cut.cancel();
        this.#leaving.delete(l);
      });
  }

  #lookSoon(): void {
    if (this.#look !== null || this.#listeners.size === 0) return;
    this.#look = this.#env.platform.setTimer(LOOK_MS, () => {
      this.#look = null;
      for (const l of this.#listeners.values()) l.countDropped();
      this.#lookSoon();
    });
  }
}
