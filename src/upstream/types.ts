import type { ProxyError } from "../base/error.ts";
import type { ClusterSpec, EndpointSpec } from "../config/model.ts";
import type { StreamReader, StreamWriter } from "../http/codec.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import type { Address, Conn, DialHandler, TlsClientContext, UdpHandler, UdpPort } from "../platform/types.ts";
import type { Priority } from "../telemetry/breaker_metrics.ts";
import type { ClusterMetrics } from "../telemetry/metrics.ts";
import type { Breaker } from "./breaker.ts";
import type { LatencyPeak } from "./latency_peak.ts";

/**
 * One place that traffic can go to. A name with several addresses gives one host for each; where it has both families, the n-th IPv6
 * and the n-th IPv4 address are one host, and connecting races them (RFC 8305).
 */
export interface Host {
  /** Addresses to dial, the preferred one first: IP literals and a port, or one unix path. Never empty. */
  readonly addresses: readonly Address[];
  /** `10.0.0.1:80`, `[::1]:80`, `unix:/path`: log and label text. */
  readonly label: string;
  /** The endpoint as configured, `name:port`: what Host becomes under the `endpoint` policy. */
  readonly authority: string;
  readonly endpoint: EndpointSpec;
  /** Streams open on it now, and those that wait for a connection to it. */
  active: number;
  /** Hears how long replies take; null where the policy does not ask, which costs a null check a request. */
  latency: LatencyPeak | null;
  /** Index of the address that connected last; it is tried first (RFC 8305 4). Absent or 0: the first. */
  preferred?: number;
  /** Whether it may be chosen. false: it failed its checks, waits for the first one's result, or is ejected. */
  available: boolean;
  /** When it came, or last became available again: milliseconds of the platform's clock. */
  since: number;
  /** Is told how each attempt at it ended, once; null: nobody wants to know. */
  outcome: TellOutcome | null;
}

/**
 * `status`: the final reply's, for gRPC what its grpc-status stands for; 200 for a connection without a status. `failure`: what became of
 * an attempt without a whole reply, whoever's fault it was: what says nothing of the host is left out by whoever is told.
 */
export type TellOutcome = (status: number, failure: ProxyError | null) => void;

/** Chooses a host. Immutable but for its own rotation; replaced whole when membership, weights or health change. */
export interface Picker {
  pick(p: PickInput): Host | ProxyError;
}
export interface PickInput {
  /** Unsigned 32-bit hash of the request's keys for consistent policies; 0: it has none, and chance decides. */
  readonly hash: number;
  /** Hosts already tried for this request; null: none. They are avoided while another is there. */
  readonly exclude: readonly Host[] | null;
  /** The part of the hosts that is asked for, by `subsetKey`; null or absent: none in particular. */
  readonly subset?: string | null;
  /** Where the connection was going before it was redirected here; null or absent: not known, or not asked for. */
  readonly destination?: Address | null;
}

/** A stream on an upstream connection, lent for one attempt. It is given back by ending or resetting the stream. */
export interface StreamLease {
  readonly writer: StreamWriter<RequestHead>;
  /** The connection had served before: a death before the reply's first byte may be only the peer's idle timeout. */
  readonly reused: boolean;
  /** One of several streams on its connection: it can't be detached, and the head must have no connection-specific fields. */
  readonly multiplexed: boolean;
  /** The address that the connection goes to. */
  readonly label: string;
  /** Output of the stream is sent when the current event is over. */
  wake(): void;
  /** Gives the whole connection to a tunnel. */
  detach(): DetachedLease;
}

export interface DetachedLease {
  readonly conn: Conn;
  /** Received behind the reply's head. */
  readonly unread: Uint8Array;
  /** To be called once when the connection has ended: until then it is one of the cluster's. */
  readonly gone: () => void;
}

/** TLS towards a cluster's hosts. */
export interface UpstreamTls {
  /** Replaced when a certificate or an authority is: read it for each dial. */
  readonly context: TlsClientContext;
  /** Name that is asked for; null: the endpoint's host. */
  readonly serverName: string | null;
}

/** The client's connection that an upstream connection is made for. */
export interface DialClient {
  readonly conn: Conn;
  /** The name that it asked for in a TLS hello; "": none. */
  readonly serverName: string;
}

/** One whose requests may need connections of its own. */
export interface LeaseClient extends DialClient {
  /** Calls `f` once when the connection is gone, at once where it is gone already. */
  whenGone(f: () => void): void;
}

export interface LeaseWaiter {
  onLease(l: StreamLease): void;
  onLeaseError(e: ProxyError): void;
}

/** A cluster in force. */
export interface Cluster {
  readonly name: string;
  /** Replaced when the config changes what does not concern hosts; read it for each request. */
  readonly spec: ClusterSpec;
  /** Replaced when hosts change: read it for each request. */
  readonly picker: Picker;
  readonly metrics: ClusterMetrics;
  /** What requests of that priority may take at once. The same object for the cluster's life. */
  breaker(p: Priority): Breaker;
  /**
   * Opens a stream on a connection to the host, pooled or new. Answers through the waiter, at once when a pooled connection is there and
   * `fresh` is false. The returned handle cancels a wait; null: answered already. `p` is "default" when absent.
   */
  lease(
    h: Host,
    fresh: boolean,
    reader: StreamReader<ResponseHead>,
    w: LeaseWaiter,
    client: LeaseClient,
    p?: Priority,
  ): { cancel(): void } | null;
  /**
   * A raw connection, for tunnels. It is one of the cluster's until `hungUp` is called, which whoever got it by `onOpen` does once. A fault
   * is `overflow`: no other may be opened. `client` null: it is Weir's own. `p` is "default" when absent.
   */
  dial(h: Host, handler: DialHandler, client: DialClient | null, p?: Priority): { cancel(): void } | ProxyError;
  /** A connection of `dial` has ended. */
  hungUp(p?: Priority): void;
  /** A port of datagrams to the host. Throws a ProxyError: `connectFailed`, `noDescriptors`. */
  openUdp(h: Host, handler: UdpHandler): UdpPort;
  /** Whether the host is among the cluster's now. */
  has(h: Host): boolean;
  /** Hosts that may be picked now, whatever the policy and the request's subset say: available, with a weight, and not in their first check. */
  choosable(): readonly Host[];
}
