import { addressText } from "../base/address.ts";
import { CidrSet } from "../base/cidr.ts";
import type { ProxyError } from "../base/error.ts";
import type { ProxyHeadersSpec } from "../config/model.ts";
import type { Address, Conn, ConnInfo } from "../platform/types.ts";
import type { ProxyHeader } from "../proxy_protocol/header.ts";
import { AwaitedHeader, type HeaderHost, type HeaderRules } from "../stream/awaited_header.ts";
import { RefusedSession } from "../stream/refused_session.ts";
import type { EventLog } from "../telemetry/event_log.ts";
import type { OpenConn } from "../wire/open_conn.ts";
import type { ListenerSite } from "./listener_site.ts";

/** Refused headers are told at most so often (ms): the log need not have all, the counters do. */
const TELL_MS = 10_000;

/** The listener behind a gate. */
export interface GateHost {
  readonly serves: ListenerSite;
  /** Whose connection it is has been told, by `Conn.info`: it is let in, or not. `unread`: what came behind the header. */
  named(p: AwaitedHeader, unread: Uint8Array): void;
  refused(p: OpenConn, e: ProxyError | null): void;
}

/** Whose PROXY headers a listener believes, and what becomes of everyone else. */
export class ProxyGate implements HeaderHost {
  readonly #host: GateHost;
  readonly #log: EventLog;
  readonly #rules: HeaderRules;
  readonly #from: CidrSet;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(host: GateHost, log: EventLog, spec: ProxyHeadersSpec) {
    this.#host = host;
    this.#log = log;
    this.#from = new CidrSet(spec.from);
    this.#rules = { versions: spec.versions, required: spec.required, timeoutMs: spec.timeoutMs };
  }

  believes(remote: Address): boolean {
    return remote.kind === "unix" ? this.#from.hasUnix : this.#from.has(remote.host);
  }

  /** Who is not believed can't bring the header that is asked for. Where none is asked for, one of theirs is the bytes of a bad request. */
  admits(remote: Address): boolean {
    return !this.#rules.required || this.believes(remote);
  }

  open(conn: Conn): AwaitedHeader {
    return new AwaitedHeader(this, this.#rules, this.#host.serves.session.link, conn);
  }

  headerRead(p: AwaitedHeader, header: ProxyHeader | null, unread: Uint8Array): void {
    const { metrics } = this.#host.serves.session;
    metrics.proxyHeader(header === null ? "none" : header.ends === null ? "own" : "client");
    if (header !== null) p.conn.info = toldInfo(p.conn.info, header);
    this.#host.named(p, unread);
  }

  headerRefused(p: AwaitedHeader, e: ProxyError | null): void {
    if (e !== null) {
      const { session } = this.#host.serves;
      session.metrics.proxyHeader("refused");
      session.accessLog?.write(new RefusedSession(session, p.conn.info, null, e));
      this.#tell(p.conn, e);
    }
    this.#host.refused(p, e);
  }

  /** A proxy that is set up wrongly sends one with each connection. */
  #tell(conn: Conn, e: ProxyError): void {
    const { link, listener } = this.#host.serves.session;
    if (link.flusher.now < this.#toldAt + TELL_MS) return;
    this.#toldAt = link.flusher.now;
    this.#log.log("warning", "a PROXY header was refused", {
      listener,
      peer: addressText(conn.info.remote),
      reason: e.message,
    });
  }
}

/** The connection as a header that is believed tells of it. LOCAL and UNKNOWN mean the socket's own ends (proxy-protocol.txt 2). */
export function toldInfo(info: ConnInfo, header: ProxyHeader): ConnInfo {
  const { ends, tlvs } = header;
  if (ends === null) return info;
  return { id: info.id, local: ends.destination, remote: ends.source, proxied: { peer: info.remote, tlvs } };
}
