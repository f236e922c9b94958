import { localFault } from "../base/error.ts";
import type { UdpFault, UdpHandler, UdpPort, UdpSource } from "../platform/types.ts";
import type { Host } from "../upstream/types.ts";
import { LAST_DATAGRAMS, LAST_ROUNDS, REFUSALS_KEPT, SPLIT_SESSIONS } from "./limits.ts";
import type { UdpHost, UdpSite } from "./udp_rule.ts";
import { UdpSession, type UdpSessionHost } from "./udp_session.ts";

/** The sessions that came through one port. */
export class UdpFlows implements UdpHandler, UdpSessionHost {
  readonly #host: UdpHost;
  readonly #sessions = new Map<number | string, UdpSession>();
  /** Who sent a client away lately. */
  readonly #refused = new Map<number | string, Host>();
  #port: UdpPort | null = null;
  /** Another process takes new clients: what still comes here gets a port of its own at once. */
  #splits = false;
  #dropped = 0;

  constructor(host: UdpHost) {
    this.#host = host;
  }

  /** Belongs to this from here on. */
  take(port: UdpPort): void {
    this.#port = port;
    this.#dropped = port.dropped() ?? 0;
  }

  get port(): UdpPort {
    return this.#port!;
  }

  get site(): UdpSite {
    return this.#host.site;
  }

  get size(): number {
    return this.#sessions.size;
  }

  onDatagram(b: Uint8Array, from: UdpSource, now: number): void {
    const { metrics, datagrams, rule } = this.#host.site;
    datagrams.received.add(1);
    metrics.bytesIn.add(b.length);
    if (b.length > rule.maxDatagram) {
      datagrams.drop("size", 1);
      return;
    }
    const { flow } = from;
    const s = this.#sessions.get(flow);
    if (s?.send(b, now) === true) return;
    this.#begin(b, flow, from, now);
  }

  onError(): void {
    // A port that is connected to nobody is told of nobody.
  }

  onLost(why: UdpFault, datagrams: number): void {
    this.site.datagrams.dropClient(why, datagrams);
  }

  #begin(b: Uint8Array, flow: number | string, from: UdpSource, now: number): void {
    const { datagrams } = this.site;
    const peer = from.peer();
    // What comes after the last look is not the other process's any more, drain or not.
    const refusal = this.#splits ? null : this.#host.admit(peer.remote, now);
    if (this.#splits) this.#host.letIn();
    if (refusal !== null) {
      datagrams.drop(refusal, 1);
      return;
    }
    const s = new UdpSession(this, flow, peer, this.port, this.#host.nextId(), now);
    const failure = s.open(this.#refused.get(flow) ?? null);
    if (failure !== null) {
      this.#host.ended();
      datagrams.drop(failure, 1);
      return;
    }
    this.#refused.delete(flow);
    this.#sessions.set(flow, s);
    if (!s.send(b, now)) datagrams.drop("upstreamRefused", 1);
    if (this.#splits) s.split();
  }

  sessionEnded(s: UdpSession, refusedBy: Host | null): void {
    if (this.#sessions.get(s.flow) === s) this.#sessions.delete(s.flow);
    if (refusedBy !== null) {
      if (this.#refused.size >= REFUSALS_KEPT) this.#refused.delete(this.#refused.keys().next().value!);
      this.#refused.set(s.flow, refusedBy);
    }
    this.#host.ended();
  }

  /** Counts what the system has dropped since the last look. */
  countDropped(): void {
    const now = this.#port?.dropped() ?? null;
    if (now === null) return;
    if (now > this.#dropped) this.site.datagrams.drop("receiveBuffer", now - this.#dropped);
    this.#dropped = now;
  }

  /**
   * Another process reads from the socket from now on: each session gets a port of its own, what waits in the socket is read, and then
   * nothing more. All sockets at the address have to be shared meanwhile (`UdpPort.share`).
   */
  handOver(): void {
    for (const s of [...this.#sessions.values()].slice(0, SPLIT_SESSIONS)) s.split();
    this.#splits = true;
    this.port.read(LAST_DATAGRAMS);
    this.port.stop();
    // A session's port may have got what is for others, until it was connected: a client of whom nobody knew then begins a session here.
    const read = new Set<UdpSession>();
    for (let round = 0; round < LAST_ROUNDS; round++) {
      const fresh = [...this.#sessions.values()].filter((s) => !read.has(s));
      if (fresh.length === 0) return;
      for (const s of fresh) {
        read.add(s);
        s.read();
      }
    }
  }

  /** Ends all sessions. */
  cut(): void {
    for (const s of [...this.#sessions.values()]) s.close(localFault("draining", 0, "the session was cut at the drain limit"));
  }

  close(): void {
    this.#port?.close();
    this.#port = null;
  }
}
