import type { ProxyError } from "../base/error.ts";
import type { ListenerSpec } from "../config/model.ts";
import type { Site } from "../exchange/site.ts";
import type { Address, Conn, ConnHandler, Listener, ListenOptions, Platform } from "../platform/types.ts";
import { AwaitedHeader } from "../stream/awaited_header.ts";
import type { EventLog } from "../telemetry/event_log.ts";
import type { Refusal } from "../telemetry/listener_metrics.ts";
import type { ServerMetrics } from "../telemetry/metrics.ts";
import type { OpenConn } from "../wire/open_conn.ts";
import type { TunnelSet } from "../wire/tunnel.ts";
import { AcceptRules } from "./accept_rules.ts";
import type { ConnectionCaps } from "./connection_caps.ts";
import type { OpenCount } from "./counts/connection_counts.ts";
import { Entrance, type EntranceHost } from "./entrance.ts";
import type { ListenerSite } from "./listener_site.ts";
import { type MovedConnection, toldOf } from "./moving/moved_connection.ts";
import { type ConnectionShedding, REFUSES_CONNECTIONS } from "./overload/shedding.ts";
import { type GateHost, ProxyGate } from "./proxy_gate.ts";
import type { HeldSocket } from "./sockets/held_socket.ts";
import type { ListenSockets } from "./sockets/listen_sockets.ts";
import { foreignOf, giveBack, listenOn } from "./sockets/own_sockets.ts";
import type { ListenerTls } from "./tls/listener_tls.ts";

export interface ListenerEnv {
  readonly platform: Platform;
  readonly sockets: ListenSockets;
  readonly log: EventLog;
  readonly caps: ConnectionCaps;
  readonly server: ServerMetrics;
  readonly shedding: ConnectionShedding;
}

/** A listener in force: its socket and the connections that came through it, which a change of its routes leaves alone. */
export class ListenerRuntime implements EntranceHost, GateHost {
  readonly tunnels: TunnelSet = new Set();
  #spec: ListenerSpec;
  #site: ListenerSite;
  #rules: AcceptRules;
  /** null: no PROXY header is read. */
  #gate: ProxyGate | null;
  /** What is held against the listener's cap. */
  #count: OpenCount;
  #entrance: Entrance;
  readonly #env: ListenerEnv;
  readonly #conns = new Set<OpenConn>();
  /** Connections that are tunnels now. */
  #tunnelled = 0;
  /** Not counted against the caps: an operator must get in when clients fill them. */
  readonly #exempt: boolean;
  /** Several where processes share an address. */
  #listeners: readonly Listener[] = [];
  /** Sockets of siblings, by the worker whose they are. */
  readonly #shared = new Map<number, readonly Listener[]>();
  #requestsCut = false;
  #draining: "no" | "announce" | "last" = "no";
  #idle: (() => void) | null = null;

  constructor(env: ListenerEnv, spec: ListenerSpec, site: ListenerSite, tls: ListenerTls | null, exempt: boolean) {
    this.#env = env;
    this.#spec = spec;
    this.#site = site;
    this.#rules = this.#rulesOf(spec);
    this.#count = env.caps.counts.listener(spec.name);
    this.#gate = this.#gateOf(spec);
    this.#entrance = new Entrance(this, spec, site.chains, tls);
    this.#exempt = exempt;
  }

  get spec(): ListenerSpec {
    return this.#spec;
  }

  /** Only connections that carry HTTP ask for it. */
  get site(): Site {
    return this.#site.http!;
  }

  get serves(): ListenerSite {
    return this.#site;
  }

  get tls(): ListenerTls | null {
    return this.#entrance.tls;
  }

  tlsPolicyOf(authority: string): string | null {
    return this.tls?.policyOfAuthority(authority) ?? null;
  }

  demandsCertificate(authority: string): boolean {
    return this.tls?.demandsCertificate(authority) ?? false;
  }

  /** Goes on as what a new config says, maybe under another name; the socket and the connections stay. */
  become(spec: ListenerSpec, site: ListenerSite, tls: ListenerTls | null): void {
    // What is open now is closed under the new name.
    const { connections } = this;
    this.#site.session.metrics.connectionsActive.add(-connections);
    site.session.metrics.connectionsActive.add(connections);
    if (spec.name !== this.#spec.name) {
      this.#count.add(-connections);
      this.#count = this.#env.caps.counts.listener(spec.name);
      this.#count.add(connections);
    }
    this.#spec = spec;
    this.#site = site;
    const rules = this.#rulesOf(spec);
    rules.follow(this.#rules);
    this.#rules = rules;
    this.#gate = this.#gateOf(spec);
    if (this.tls !== tls) this.tls?.close();
    this.#entrance = new Entrance(this, spec, site.chains, tls);
  }

  /** The address in force; null: not bound. */
  get address(): Address | null {
    return this.#listeners[0]?.address ?? null;
  }

  get connections(): number {
    return this.#conns.size + this.#tunnelled;
  }

  /** Rejects with a ProxyError when the address can't be had. */
  async bind(): Promise<void> {
    if (this.spec.bind !== null)
      this.#listeners = await this.#env.sockets.open(this.spec, this.#options(), (conn) => this.#accept(conn, this.#gate));
  }

  /** Accepts from a sibling's sockets as well, which belong to this listener from here on. */
  async share(worker: number, held: readonly HeldSocket[]): Promise<void> {
    const { platform } = this.#env;
    const open = await listenOn(platform, held, false, this.#options(), (conn) => this.#accept(conn, this.#gate));
    this.#shared.set(worker, [...(this.#shared.get(worker) ?? []), ...open]);
  }

  /** The sibling is there again. */
  async unshare(worker: number): Promise<void> {
    const open = this.#shared.get(worker) ?? [];
    this.#shared.delete(worker);
    await Promise.all(open.map((l) => l.close()));
  }

  /** Stops accepting; what is open lives on. */
  async unbind(): Promise<void> {
    const open = [this.#listeners, ...this.#shared.values()].flat();
    this.#listeners = [];
    this.#shared.clear();
    await Promise.all(open.map((l) => l.close()));
  }

  /** Stops accepting before it was in force: sockets that were handed on are still those of whoever handed them on. */
  async giveBack(): Promise<void> {
    const open = this.#listeners;
    this.#listeners = [];
    await Promise.all(open.map(giveBack));
  }

  /** Its sockets, for a process that goes on with them. */
  heldSockets(): HeldSocket[] {
    const { name, bind } = this.spec;
    return this.#listeners.flatMap((l) => {
      const foreign = foreignOf(l);
      if (l.descriptor === null || bind === null) return [];
      return [{ listener: name, bind, fd: l.descriptor, ...(foreign === undefined ? {} : { foreign }) }];
    });
  }

  /** Another process goes on with the sockets. */
  keepPath(): void {
    for (const l of this.#listeners) l.keepPath();
  }

  /** Gives up to `most` connections that wait for a request. Those that may be asked for in cleartext only: TLS can't go elsewhere. */
  giveUpIdle(most: number): MovedConnection[] {
    const moved: MovedConnection[] = [];
    for (const c of this.#conns) {
      if (moved.length >= most) break;
      const given = c.giveUp?.() ?? null;
      if (given !== null) moved.push({ listener: this.spec.name, ...given, told: toldOf(c.conn.info) });
    }
    return moved;
  }

  /** Goes on with a connection that another process gave up. */
  adopt({ fd, unread, told }: MovedConnection): void {
    const { keepAliveMs } = this.spec;
    const keepAlive = keepAliveMs === null ? null : { idleMs: keepAliveMs };
    this.#env.platform.adopt(fd, { accepted: true, unread, keepAlive }, (conn) => {
      if (told) conn.info = { ...told, id: conn.info.id };
      return this.#resume(conn);
    });
  }

  /** Accepting goes on, but every reply is its connection's last: clients move elsewhere while they still can be served. */
  announce(): void {
    this.#draining = "announce";
    for (const c of this.#conns) c.drain("announce");
  }

  /** Ends idle connections now and busy ones with their last reply. */
  closeIdle(): void {
    this.#draining = "last";
    const { flusher } = this.#site.session.link;
    flusher.enter();
    for (const c of [...this.#conns]) c.drain("last");
    flusher.leave();
  }

  /** Resolves when no connection is left. */
  emptied(): Promise<void> {
    if (this.connections === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  /** The time of these is over: both are gone when it has been called for both. */
  cut(what: "requests" | "tunnels"): void {
    if (what === "requests") this.#requestsCut = true;
    else for (const t of [...this.tunnels]) t.close(null);
    // A connection of several streams lives on for the tunnels among them.
    if (this.#requestsCut) for (const c of [...this.#conns]) if (!c.tunnelling) c.abort(null);
  }

  /** Cuts what is left. */
  abort(): void {
    for (const c of [...this.#conns]) c.abort(null);
    for (const t of [...this.tunnels]) t.close(null);
  }

  replaced(p: OpenConn, c: OpenConn): void {
    if (!this.#conns.delete(p)) return;
    this.#conns.add(c);
    if (this.#draining !== "no") c.drain(this.#draining);
  }

  refused(p: OpenConn, e: ProxyError | null): void {
    if (e !== null) this.#site.session.metrics.fault(e.facts.code);
    this.closed(p);
  }

  destinationOf(conn: Conn): Address | null {
    const { platform } = this.#env;
    const found = this.spec.transparent ? conn.info.local : (platform.linux?.originalDestination(conn) ?? null);
    return found === null || this.#isOwn(found) ? null : found;
  }

  named(p: AwaitedHeader, unread: Uint8Array): void {
    const { conn } = p;
    const refusal = this.#refusalOfClient(conn);
    if (refusal !== null) {
      this.#site.session.metrics.refuse(refusal);
      this.closed(p);
      conn.destroy(null);
      return;
    }
    const c = this.#entrance.admit(conn);
    this.replaced(p, c);
    conn.setHandler(c);
    if (unread.length > 0) c.onData(unread);
  }

  closed(c: OpenConn): void {
    if (this.#conns.delete(c)) this.#gone(c);
  }

  tunnelled(c: OpenConn): void {
    if (this.#conns.delete(c)) this.#tunnelled++;
  }

  tunnelClosed(c: OpenConn): void {
    this.#tunnelled--;
    this.#gone(c);
  }

  /** A session to the listener's own address would come back to it, and so on until nothing is left. */
  #isOwn(a: Address): boolean {
    const own = this.address;
    if (a.kind !== "tcp" || own?.kind !== "tcp" || a.port !== own.port) return false;
    return a.host === own.host || EVERY_HOST.has(own.host);
  }

  #gateOf({ proxyHeaders }: ListenerSpec): ProxyGate | null {
    return proxyHeaders === null ? null : new ProxyGate(this, this.#env.log, proxyHeaders);
  }

  #options(): ListenOptions {
    const { backlog, keepAliveMs, mode, transparent } = this.spec;
    return {
      keepAlive: keepAliveMs === null ? null : { idleMs: keepAliveMs },
      onError: (e) => this.#acceptFailed(e),
      mayBeSecured: this.tls !== null,
      ...(backlog === null ? {} : { backlog }),
      ...(mode === null ? {} : { mode }),
      ...(transparent ? { transparent } : {}),
    };
  }

  #rulesOf({ name, sources, connectionRate }: ListenerSpec): AcceptRules {
    return new AcceptRules(sources, connectionRate === null ? null : this.#env.caps.counts.rate(name, connectionRate));
  }

  #gone(c: OpenConn): void {
    this.#site.session.metrics.connectionsActive.add(-1);
    this.#count.add(-1);
    if (!this.#exempt) this.#env.caps.release(c instanceof AwaitedHeader ? null : clientOf(c.conn));
    this.#settle();
  }

  #accept(conn: Conn, gate: ProxyGate | null): ConnHandler {
    const { metrics } = this.#site.session;
    metrics.connections.add(1);
    const isProxy = gate?.believes(conn.info.remote) === true;
    const refusal = gate?.admits(conn.info.remote) === false ? "source" : this.#refusalOf(conn, isProxy);
    if (refusal !== null) {
      metrics.refuse(refusal);
      if (refusal === "overload") this.#env.shedding.count(3);
      if (refusal === "processLimit" || refusal === "connectionRate" || refusal === "overload")
        this.#env.server.shedConnections.add(1);
      conn.destroy(null);
      return DEAF;
    }
    return this.#serve(isProxy ? () => gate!.open(conn) : () => this.#entrance.admit(conn));
  }

  /** It was let in when it was accepted, has taken its part of the rate, and its header has been read long ago. */
  #resume(conn: Conn): ConnHandler {
    this.#count.add(1);
    if (!this.#exempt) this.#env.caps.add(clientOf(conn));
    return this.#serve(() => this.#entrance.resume(conn));
  }

  #serve(admit: () => OpenConn & ConnHandler): ConnHandler {
    this.#site.session.metrics.connectionsActive.add(1);
    // The clock is read here: the last event may be long ago, and the first head's time begins now.
    const { flusher } = this.#site.session.link;
    flusher.enter();
    const c = admit();
    this.#conns.add(c);
    if (this.#draining !== "no") c.drain(this.#draining);
    flusher.leave();
    return c;
  }

  /** Why the connection is closed unserved; null: it is counted in. What is asked of clients is asked when a proxy has named its own. */
  #refusalOf(conn: Conn, isProxy: boolean): Refusal | null {
    if (!isProxy && !this.#rules.allows(conn.info.remote)) return "source";
    // Closed, and not left in the queue: the kernel has chosen this process's socket, and the client may try another at once.
    if (this.#env.shedding.step >= REFUSES_CONNECTIONS && !this.#exempt) return "overload";
    if (!this.#count.take(this.spec.maxConnections ?? Number.POSITIVE_INFINITY)) return "listenerLimit";
    const refusal = this.#refusalOfMany(conn, isProxy);
    if (refusal !== null) this.#count.add(-1);
    return refusal;
  }

  #refusalOfMany(conn: Conn, isProxy: boolean): Refusal | null {
    if (!this.#rules.admits(this.#env.platform.now())) return "connectionRate";
    return this.#exempt ? null : this.#env.caps.admit(isProxy ? null : clientOf(conn));
  }

  #refusalOfClient(conn: Conn): Refusal | null {
    if (!this.#rules.allows(conn.info.remote)) return "source";
    return this.#exempt ? null : this.#env.caps.name(clientOf(conn));
  }

  #acceptFailed(e: ProxyError): void {
    this.#env.server.acceptErrors.add(1);
    if (e.facts.code === "noDescriptors") {
      this.#site.session.metrics.refuse("noDescriptors");
      this.#env.server.shedConnections.add(1);
    }
    this.#env.log.log("error", "accepting a connection failed", { listener: this.spec.name, reason: e.message });
  }

  #settle(): void {
    if (this.#idle === null || this.connections > 0) return;
    const f = this.#idle;
    this.#idle = null;
    f();
  }
}

function clientOf(conn: Conn): string {
  const { remote } = conn.info;
  return remote.kind === "tcp" ? remote.host : "unix";
}

const EVERY_HOST: ReadonlySet<string> = new Set(["", "::", "0.0.0.0"]);
const DEAF: ConnHandler = { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
