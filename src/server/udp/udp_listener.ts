import type { UdpAddress } from "../../base/address.ts";
import type { UdpListenerSpec } from "../../config/model.ts";
import type { Platform, TcpAddress, UdpOptions } from "../../platform/types.ts";
import { UdpFlows } from "../../stream/udp_flows.ts";
import type { UdpHost, UdpSite } from "../../stream/udp_rule.ts";
import type { DatagramDrop } from "../../telemetry/datagram_metrics.ts";
import { AcceptRules } from "../accept_rules.ts";
import type { ConnectionCounts, OpenCount } from "../counts/connection_counts.ts";
import type { ChangedListener } from "../listener_change.ts";
import { type ConnectionShedding, REFUSES_CONNECTIONS } from "../overload/shedding.ts";
import type { Foreign, HeldSocket } from "../sockets/held_socket.ts";
import { type ListenSockets, placeOf, type UdpPlace } from "../sockets/listen_sockets.ts";

export interface UdpListenerEnv {
  readonly platform: Platform;
  readonly sockets: ListenSockets;
  /** Sockets may be read: no predecessor does. */
  readonly reads: () => boolean;
  readonly nextId: () => number;
  readonly counts: ConnectionCounts;
  readonly shedding: ConnectionShedding;
}

/** A listener of datagrams in force: its sockets, and the sessions that came through them. */
export class UdpListener implements UdpHost, ChangedListener<UdpListenerSpec> {
  #spec: UdpListenerSpec;
  #site: UdpSite;
  #rules: AcceptRules;
  /** What is held against the cap on sessions. */
  #count: OpenCount;
  readonly #env: UdpListenerEnv;
  /** One for each socket. */
  #flows: readonly UdpFlows[] = [];
  /** Those whose sockets are somebody else's as well. */
  readonly #foreign = new Map<UdpFlows, Foreign>();
  /** Of siblings' sockets, by the worker whose they are. */
  readonly #shared = new Map<number, readonly UdpFlows[]>();
  /** Those of siblings that are there again: nothing is read from them, and they go with their last session. */
  #leaving: readonly UdpFlows[] = [];
  #draining = false;
  #onEmpty: (() => void) | null = null;

  constructor(env: UdpListenerEnv, spec: UdpListenerSpec, site: UdpSite) {
    this.#env = env;
    this.#spec = spec;
    this.#site = site;
    this.#rules = this.#rulesOf(spec);
    this.#count = env.counts.listener(spec.name);
  }

  get spec(): UdpListenerSpec {
    return this.#spec;
  }

  get site(): UdpSite {
    return this.#site;
  }

  /** The address in force; null: not bound. */
  get address(): UdpAddress | null {
    const port = this.#flows[0]?.port;
    return port === undefined ? null : { ...port.address, kind: "udp" };
  }

  get sessions(): number {
    return this.#all().reduce((n, f) => n + f.size, 0);
  }

  /** Rejects with a ProxyError when the address can't be had. */
  async bind(): Promise<void> {
    this.#flows = await this.#open(this.#env.sockets.udp(this.#spec));
    if (this.#env.reads()) this.read();
  }

  /** Begins to read. */
  read(): void {
    for (const f of this.#flows) f.port.start();
  }

  become(spec: UdpListenerSpec, site: UdpSite): void {
    if (spec.name !== this.#spec.name) {
      const { sessions } = this;
      this.#count.add(-sessions);
      this.#count = this.#env.counts.listener(spec.name);
      this.#count.add(sessions);
    }
    this.#spec = spec;
    this.#site = site;
    const rules = this.#rulesOf(spec);
    rules.follow(this.#rules);
    this.#rules = rules;
  }

  admit(remote: TcpAddress, now: number): DatagramDrop | null {
    if (this.#draining) return "draining";
    if (!this.#rules.allows(remote)) return "source";
    if (this.#env.shedding.step >= REFUSES_CONNECTIONS) {
      this.#env.shedding.count(3);
      return "overload";
    }
    if (!this.#count.take(this.#spec.maxSessions)) return "sessionLimit";
    if (this.#rules.admits(now)) return null;
    this.#count.add(-1);
    return "sessionRate";
  }

  letIn(): void {
    this.#count.add(1);
  }

  nextId(): number {
    return this.#env.nextId();
  }

  ended(): void {
    this.#count.add(-1);
    if (this.#leaving.length > 0) this.#closeEmpty();
    if (this.#onEmpty !== null && this.sessions === 0) this.#onEmpty();
  }

  heldSockets(): HeldSocket[] {
    const { name, bind } = this.#spec;
    return this.#flows.flatMap((f) => {
      const { descriptor: fd } = f.port;
      const foreign = this.#foreign.get(f);
      return fd === null ? [] : [{ listener: name, bind, fd, ...(foreign === undefined ? {} : { foreign }) }];
    });
  }

  /** Reads from a sibling's sockets as well, until `unshare`. */
  async share(worker: number, held: readonly HeldSocket[]): Promise<void> {
    const open = await this.#open(held.map(placeOf));
    this.#shared.set(worker, [...(this.#shared.get(worker) ?? []), ...open]);
    for (const f of open) f.port.start();
  }

  /** The sibling is there again: what clients send is its from now on. Replies that are still to come are sent from here. */
  unshare(worker: number): void {
    const shared = this.#shared.get(worker) ?? [];
    this.#shared.delete(worker);
    for (const f of shared) f.port.stop();
    this.#leaving = [...this.#leaving, ...shared];
    this.#closeEmpty();
  }

  /** Whether other sockets may be bound beside this listener's. */
  shareAddress(on: boolean): void {
    for (const f of this.#flows) f.port.share(on);
  }

  /** Another process reads from the sockets; the sessions stay here. */
  handOver(): void {
    for (const f of this.#all()) f.handOver();
  }

  countDropped(): void {
    for (const f of this.#flows) f.countDropped();
  }

  /** No new sessions. */
  drain(): void {
    this.#draining = true;
  }

  /** Resolves when no session is left. */
  emptied(): Promise<void> {
    if (this.sessions === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  /** Ends the sessions that are left. */
  cut(): void {
    for (const f of this.#all()) f.cut();
  }

  /** Gives the address up, and with it the sessions: there is nothing to answer them from. */
  async unbind(): Promise<void> {
    for (const f of this.#all()) end(f);
    this.#flows = [];
    this.#shared.clear();
    this.#leaving = [];
  }

  #closeEmpty(): void {
    for (const f of this.#leaving) if (f.size === 0) f.close();
    this.#leaving = this.#leaving.filter((f) => f.size > 0);
  }

  #all(): readonly UdpFlows[] {
    if (this.#shared.size === 0 && this.#leaving.length === 0) return this.#flows;
    return [this.#flows, ...this.#shared.values(), this.#leaving].flat();
  }

  #rulesOf({ name, sources, connectionRate }: UdpListenerSpec): AcceptRules {
    return new AcceptRules(sources, connectionRate === null ? null : this.#env.counts.rate(name, connectionRate));
  }

  async #open(places: readonly UdpPlace[]): Promise<readonly UdpFlows[]> {
    const { receiveBuffer, sendBuffer } = this.#spec;
    const o: UdpOptions = {
      ...(receiveBuffer === null ? {} : { receiveBuffer }),
      ...(sendBuffer === null ? {} : { sendBuffer }),
    };
    const open: UdpFlows[] = [];
    try {
      for (const { at, foreign } of places) {
        const flows = new UdpFlows(this);
        if (foreign !== undefined) this.#foreign.set(flows, foreign);
        flows.take(await this.#env.platform.udp(at, o, flows));
        open.push(flows);
      }
    } catch (e) {
      for (const f of open) f.close();
      throw e;
    }
    return open;
  }
}

function end(f: UdpFlows): void {
  f.cut();
  f.close();
}
