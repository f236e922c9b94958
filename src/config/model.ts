import type { Address, TcpAddress, UdpAddress } from "../base/address.ts";
import type { PluginSpec, PluginUseSpec } from "./plugin_model.ts";
import type { ForwardedCertificateSpec, TlsSpec, UpstreamTlsSpec } from "./tls_model.ts";
import type {
  AdmissionSpec,
  BalanceSpec,
  BreakerSpec,
  FaultSpec,
  HashKeySpec,
  HealthCheckSpec,
  HedgeSpec,
  HostsSpec,
  MirrorSpec,
  OutlierSpec,
  OverloadSpec,
  RetrySpec,
  SharingSpec,
  StickySpec,
} from "./traffic_model.ts";

/**
 * The one model that every source lowers to (file, xDS, Kubernetes, MOSN): frozen data, no behaviour. It can say what Envoy's listeners,
 * routes, clusters and the Gateway API can say; what nothing implements yet is not in it. All durations are milliseconds, all sizes bytes.
 */
export interface Model {
  /** Name of this weir: control socket, Via and metrics. */
  readonly name: string;
  readonly listeners: ReadonlyMap<string, ListenerSpec>;
  /** Listeners of datagrams; no name is in both maps. */
  readonly udpListeners: ReadonlyMap<string, UdpListenerSpec>;
  readonly routeTables: ReadonlyMap<string, RouteTableSpec>;
  readonly clusters: ReadonlyMap<string, ClusterSpec>;
  readonly plugins: ReadonlyMap<string, PluginSpec>;
  /** Where the admin API listens; null: nowhere. */
  readonly admin: Address | null;
  /** Read-only metrics and probes for readers off this host; null: nowhere. */
  readonly observe: Address | null;
  readonly accessLogs: readonly AccessLogSpec[];
  readonly log: EventLogSpec;
  readonly drain: DrainSpec;
  readonly process: ProcessLimitsSpec;
  /** null: nothing is given up under pressure. */
  readonly overload: OverloadSpec | null;
  /** Path of the control socket; null: the default place. */
  readonly control: string | null;
  /** Path of a file that tells the number of the main process; null: none. */
  readonly pidFile: string | null;
}

export interface ListenerSpec {
  readonly name: string;
  /** null: reached only from inside. */
  readonly bind: Address | null;
  /** Accept queue; null: the system's maximum. */
  readonly backlog: number | null;
  /** File mode of a unix socket; null: what the umask gives. */
  readonly mode: number | null;
  /** Idle time before the first TCP keepalive probe; null: off. */
  readonly keepAliveMs: number | null;
  /** Connections on this listener; null: only the process's cap. */
  readonly maxConnections: number | null;
  /** Takes connections to any address that the firewall gives (TPROXY): that address is where they were going. */
  readonly transparent: boolean;
  /** Peers whose connections are accepted. */
  readonly sources: SourceRulesSpec;
  /** New connections; null: no limit. */
  readonly connectionRate: RateSpec | null;
  /** Proxies in front that tell of the client in a PROXY header; null: none is read. */
  readonly proxyHeaders: ProxyHeadersSpec | null;
  /** From the accept to what tells the chain: the first bytes, a ClientHello, the handshake. */
  readonly firstBytesMs: number;
  /** A client that has sent nothing for so long waits for the other side to speak first: a chain of TCP for that gets it; null: it is waited for. */
  readonly silenceMs: number | null;
  /**
   * Of the chains that match a connection the most specific one serves it. Compared are, in this order as Envoy does: the name (exact, then
   * the longest wildcard, then none), the transport, the first of the client's protocols that a chain names, the longest range of the
   * source. Equals stand in the order of preference. None: the connection is refused.
   */
  readonly chains: readonly FilterChainSpec[];
}

/** Datagrams of a client, and the answers to them, are a session: it has a host of a cluster until nothing has moved for a while. */
export interface UdpListenerSpec {
  readonly name: string;
  readonly bind: UdpAddress;
  /** Clients whose datagrams are taken. */
  readonly sources: SourceRulesSpec;
  /** New sessions; null: no limit. */
  readonly connectionRate: RateSpec | null;
  readonly maxSessions: number;
  /** The longest datagram that a client may send; longer ones are dropped. */
  readonly maxDatagram: number;
  /** Asked of the system for the socket; null: as much as it has by default. */
  readonly receiveBuffer: number | null;
  readonly sendBuffer: number | null;
  readonly to: readonly { readonly cluster: string; readonly weight: number }[];
  /** `packet`: a host is chosen for each datagram; weights are shares of sessions, or of datagrams. */
  readonly balance: "session" | "packet";
  /** A session on which nothing moves ends. */
  readonly idleMs: number;
  /** Answers to each datagram after which the session ends; null: it lasts until it is idle. */
  readonly replies: number | null;
}

/** Ranges in CIDR form. `deny` is looked at first; an empty `allow` allows all that is left. */
export interface SourceRulesSpec {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** The PROXY protocol on a listener. From a connection's header on, its client is the one that the header names, in every respect. */
export interface ProxyHeadersSpec {
  /** Ranges in CIDR form, and `unix` for peers on unix sockets: whose headers are believed. Never empty. */
  readonly from: readonly string[];
  /** Without a header there is no service, so that peers elsewhere have none. Otherwise those are served as they come, their headers too. */
  readonly required: boolean;
  readonly versions: "any" | "v1" | "v2";
  /** From the accept to the header's last byte. */
  readonly timeoutMs: number;
}

/** A token bucket. */
export interface RateSpec {
  readonly perSecond: number;
  readonly burst: number;
}

export interface FilterChainSpec {
  readonly match: ChainMatchSpec;
  /** null: cleartext, or TLS that is not ended here. */
  readonly tls: TlsSpec | null;
  readonly handler: HttpHandlerSpec | TcpHandlerSpec;
}

export interface ChainMatchSpec {
  /** `any` looks at nothing: without peeking, a connection goes to the handler as it comes. */
  readonly transport: "any" | "tls" | "plain";
  /** Names that a client asks for in its hello, lower case; `*.` stands for any number of labels. Empty: all that no other chain names. */
  readonly serverNames: readonly string[];
  /** Protocols of which the client offers one by ALPN; of cleartext `http/1.1` and `h2c` as the first bytes tell them. Empty: whatever it offers. */
  readonly alpn: readonly string[];
  /** Ranges of the client's address in CIDR form; empty: all. */
  readonly sources: readonly string[];
}

/** The connection's bytes go to a host of a cluster as they are. */
export interface TcpHandlerSpec {
  readonly kind: "tcp";
  /** Weights are shares of sessions. */
  readonly to: readonly { readonly cluster: string; readonly weight: number }[];
  /** A session on which nothing moves; null: it is left alone. */
  readonly idleMs: number | null;
  /** Hosts that are tried for one session until one takes the connection. */
  readonly connectAttempts: number;
}

export interface HttpHandlerSpec {
  readonly kind: "http";
  /** `auto`: what ALPN agreed on, or in cleartext what the first bytes say (RFC 9113 3.3); HTTP/1 where neither speaks. */
  readonly version: "auto" | "http1" | "http2";
  /** Name of a route table. */
  readonly routes: string;
  readonly forwarded: ForwardedSpec;
  readonly paths: PathPolicySpec;
  /** What becomes of field names that hold `_`: CGI-like upstreams read it as `-`. */
  readonly underscores: "drop" | "keep" | "refuse";
  readonly limits: HttpLimitsSpec;
  readonly timeouts: HttpTimeoutsSpec;
  readonly http2: Http2Spec;
}

/** Settings of HTTP/2 connections, of either role (RFC 9113 6.5.2). */
export interface Http2Spec {
  /** Streams that the peer may have open at once. */
  readonly concurrentStreams: number;
  /** PING after so long without a byte, and the end of the connection without an answer; null: none. */
  readonly keepAlive: { readonly idleMs: number; readonly timeoutMs: number } | null;
}

/** Identity of the client towards upstreams (RFC 7239, and the de-facto fields). */
export interface ForwardedSpec {
  /** Ranges whose forwarding fields are believed and appended to; everyone else's are replaced. */
  readonly trusted: readonly string[];
  /** X-Forwarded-For, -Proto, -Host: `set` by the rule above, `keep` untouched, `remove`. */
  readonly xForwarded: "set" | "keep" | "remove";
  /** Forwarded of RFC 7239, likewise. */
  readonly forwarded: "set" | "keep" | "remove";
  /** X-Request-Id: `set` makes one unless a trusted peer sent it; `always` makes a new one. */
  readonly requestId: "set" | "always" | "keep" | "remove";
  /** Via (RFC 9110 7.6.3) on requests and responses; the pseudonym is the weir's name. */
  readonly via: boolean;
  readonly clientCertificate: ForwardedCertificateSpec;
}

export interface PathPolicySpec {
  /** `//` becomes `/`. */
  readonly mergeSlashes: boolean;
}

export interface HttpLimitsSpec {
  /** Bytes of a request's head, request line included. */
  readonly headBytes: number;
  readonly requestLineBytes: number;
  readonly fields: number;
  /** Bytes of a request's body; null: no limit. A route may set another. */
  readonly bodyBytes: number | null;
  /** Requests on one connection; null: no limit. */
  readonly requestsPerConnection: number | null;
}

export interface HttpTimeoutsSpec {
  /** Between requests on a kept connection. */
  readonly idleMs: number;
  /** From the first byte of a head to its last. */
  readonly headMs: number;
  /** Between two reads of a request's body. */
  readonly bodyMs: number;
  /** Between any two bytes of a stream in either direction. */
  readonly streamIdleMs: number;
  /** Idle time of an upgraded connection or a tunnel. */
  readonly tunnelIdleMs: number;
  /** Age at which a connection takes no more requests and ends when those under way have; null: no limit. */
  readonly maxConnectionMs: number | null;
}

/** Routes of one or more listeners. */
export interface RouteTableSpec {
  readonly name: string;
  /** `specificity`: the Gateway API's order over all hosts and routes; `listed`: Envoy's, best host first and then its routes as listed. */
  readonly order: "specificity" | "listed";
  readonly virtualHosts: readonly VirtualHostSpec[];
}

export interface VirtualHostSpec {
  readonly name: string;
  /** Lower case: `example.com`, `*.example.com` (any number of labels), `*`; each with `:port` when only that port is meant. */
  readonly hosts: readonly string[];
  readonly routes: readonly RouteSpec[];
}

export interface RouteSpec {
  /** Unique in its model: labels and logs carry it. */
  readonly name: string;
  /** Alternatives; never empty. */
  readonly match: readonly MatchSpec[];
  readonly action: ActionSpec;
  /** In the order in which requests meet them; replies go back. */
  readonly filters: readonly FilterSpec[];
  readonly requestHeaders: HeaderOpsSpec;
  readonly responseHeaders: HeaderOpsSpec;
  /** End of the request to the last byte of the reply; null: off. */
  readonly timeoutMs: number | null;
  /** Upstream connected and request sent to the reply's head. */
  readonly responseHeadMs: number;
  /**
   * Field of a request, lower case, whose milliseconds shorten `timeoutMs` when a peer of `forwarded.trusted` sent it, as
   * x-envoy-upstream-rq-timeout-ms does; null: none is read.
   */
  readonly timeoutHeader: string | null;
  /** null: the listener's. */
  readonly bodyBytes: number | null;
  readonly grpc: GrpcRouteSpec;
  /** What of a refused target this route takes (RFC 3986 2.2, 9110 17): `%2F`, a backslash, `%00`. */
  readonly allowPath: { readonly encodedSlash: boolean; readonly backslash: boolean; readonly nul: boolean };
}

export type FilterSpec = GrpcWebSpec | FaultSpec | AdmissionSpec | ModuleFilterSpec | PluginUseSpec;

/** Done by a module's filter. */
export interface ModuleFilterSpec {
  readonly kind: "module";
  readonly module: ModuleSpec;
  /** What it is given, as JSON; "": nothing. */
  readonly config: string;
}

/** gRPC-Web of browsers becomes gRPC (grpc/doc/PROTOCOL-WEB.md). */
export interface GrpcWebSpec {
  readonly kind: "grpcWeb";
}

export interface GrpcRouteSpec {
  /** The longest that a call may take, whatever its client allows; null: no bound. */
  readonly maxTimeoutMs: number | null;
  /** Paths that are counted by name, beside those that the route's matches name. */
  readonly methods: readonly string[];
}

/** All keys must hold. */
export interface MatchSpec {
  /** null: any path. */
  readonly path: PathMatchSpec | null;
  /** Upper-case methods; empty: any. */
  readonly methods: readonly string[];
  readonly headers: readonly ValueMatchSpec[];
  readonly query: readonly ValueMatchSpec[];
}

/** `prefix` is whole segments: /a matches /a and /a/b, not /ab. `rawPrefix` is Envoy's, character by character. */
export interface PathMatchSpec {
  readonly kind: "exact" | "prefix" | "rawPrefix" | "regex";
  readonly value: string;
  readonly ignoreCase: boolean;
}

export interface ValueMatchSpec {
  /** Lower case for headers. */
  readonly name: string;
  readonly kind: "exact" | "prefix" | "suffix" | "regex" | "present" | "absent";
  /** "" for present and absent. */
  readonly value: string;
  readonly invert: boolean;
}

export type ActionSpec = ForwardSpec | RespondSpec | RedirectSpec | HandlerSpec | ModuleHandlerSpec | StaticSpec;

export interface ForwardSpec {
  readonly kind: "forward";
  /** Weights are shares of requests. `subset`: only hosts whose metadata have these values; null: all. */
  readonly to: readonly {
    readonly cluster: string;
    readonly weight: number;
    readonly subset: ReadonlyMap<string, string> | null;
  }[];
  /** What goes to the same item of `to` each time; null: items take turns. */
  readonly sticky: StickySpec | null;
  /** Keys of a hash that chooses the host; null: those of the cluster's policy. */
  readonly hash: readonly HashKeySpec[] | null;
  /** Whose caps of the cluster's breakers hold. */
  readonly priority: "default" | "high";
  readonly retry: RetrySpec | null;
  readonly hedge: HedgeSpec | null;
  readonly mirrors: readonly MirrorSpec[];
  readonly rewrite: RewriteSpec;
  /** Upgrade tokens let through, lower case; `*`: all. `h2c` never is. */
  readonly upgrades: readonly string[];
  /** CONNECT requests that match become tunnels to the cluster's endpoint. */
  readonly connect: boolean;
}

export interface RewriteSpec {
  readonly path:
    | null
    | { readonly kind: "full"; readonly value: string }
    | { readonly kind: "prefix"; readonly value: string }
    | { readonly kind: "regex"; readonly pattern: string; readonly substitution: string };
  /** Host sent on: the client's, the endpoint's address as configured, or a literal; null: as the cluster says. */
  readonly host:
    | null
    | { readonly kind: "pass" }
    | { readonly kind: "endpoint" }
    | { readonly kind: "literal"; readonly value: string };
}

export interface RespondSpec {
  readonly kind: "respond";
  readonly status: number;
  readonly body: Uint8Array;
  readonly contentType: string | null;
}

/** RFC 9110 10.2.2; parts that are null stay the request's. */
export interface RedirectSpec {
  readonly kind: "redirect";
  /** 301, 302, 303, 307 or 308. */
  readonly status: number;
  readonly scheme: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly path: RewriteSpec["path"];
  readonly stripQuery: boolean;
}

/** Served inside the process by any object with `fetch(Request)`, registered under this name. */
export interface HandlerSpec {
  readonly kind: "handler";
  readonly name: string;
}

/** A program of TypeScript or JavaScript that workers load. */
export interface ModuleSpec {
  /** Path of its file. */
  readonly path: string;
  /** Of all that it is made of: another one takes another process. */
  readonly digest: string;
}

/** Answered by a module's `fetch`. */
export interface ModuleHandlerSpec {
  readonly kind: "module";
  readonly module: ModuleSpec;
  /** What it is given, as JSON; "": nothing. */
  readonly config: string;
}

/** Files below a folder. */
export interface StaticSpec {
  readonly kind: "static";
  /** Path of the folder. */
  readonly root: string;
  /** Names that are looked for in a folder that is asked for, in this order. */
  readonly index: readonly string[];
  /** A folder without an index is shown as a list. */
  readonly browse: boolean;
  /** Codings whose files lie beside the others, with `.br`, `.gz` or `.zst` behind their names; the first that a client likes best. */
  readonly precompressed: readonly ("br" | "gzip" | "zstd")[];
  /** Symbolic links may lead out of `root`. */
  readonly symlinks: boolean;
  /** Names that begin with a dot are served, others than `.well-known` too. */
  readonly hidden: boolean;
  /** What is sent where there is no such file: the steps to it from `root`, and its status. null: 404 and nothing more. */
  readonly missing: { readonly names: readonly string[]; readonly status: 200 | 404 } | null;
  /** Content types by extension, lower case, beside the known ones. */
  readonly types: ReadonlyMap<string, string>;
}

/** Applied in the order remove, set, add. */
export interface HeaderOpsSpec {
  readonly remove: readonly string[];
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
}

export interface ClusterSpec {
  readonly name: string;
  /** Where its hosts come from. */
  readonly hosts: HostsSpec;
  /** Empty unless `hosts` is `listed`. */
  readonly endpoints: readonly EndpointSpec[];
  readonly balance: BalanceSpec;
  readonly sharing: SharingSpec;
  /** null: hosts are not asked how they are. */
  readonly health: HealthCheckSpec | null;
  /** null: no host is left out for its answers. */
  readonly outlier: OutlierSpec | null;
  readonly breakers: { readonly default: BreakerSpec; readonly high: BreakerSpec };
  /** `auto`: what ALPN agrees on, which takes TLS; h2c is HTTP/2 in cleartext by prior knowledge. */
  readonly protocol: "http1" | "h2" | "h2c" | "auto";
  /** null: cleartext. */
  readonly tls: UpstreamTlsSpec | null;
  readonly http2: Http2Spec;
  readonly connectTimeoutMs: number;
  /** How long an unused connection is kept; null: not kept at all. */
  readonly idleMs: number | null;
  /** Unused connections kept for each host. */
  readonly maxIdle: number;
  /** Requests on one upstream connection; null: no limit. */
  readonly requestsPerConnection: number | null;
  /** Age at which a connection takes no more requests and ends when those under way have; null: no limit. */
  readonly maxConnectionMs: number | null;
  /** Idle time before the first TCP keepalive probe; null: off. */
  readonly keepAliveMs: number | null;
  /** IP literal that connections come from; null: the system's choice. */
  readonly source: string | null;
  /** What connections begin with, before TLS; null: nothing. Such a connection is for one client's alone. */
  readonly proxyHeader: SentProxyHeaderSpec | null;
  readonly host: { readonly kind: "pass" } | { readonly kind: "endpoint" } | { readonly kind: "literal"; readonly value: string };
  readonly dns: DnsSpec;
}

/** How a cluster's names are resolved. */
export interface DnsSpec {
  readonly families: "auto" | "v4" | "v6";
  readonly minTtlMs: number;
  readonly maxTtlMs: number;
  /** Name servers, by IP address, that alone are asked; empty: as the system resolves. */
  readonly servers: readonly TcpAddress[];
}

/** A header of the PROXY protocol, which names the client. */
export interface SentProxyHeaderSpec {
  readonly version: 1 | 2;
  /** What version 2 tells besides addresses: what a header that came in told, the name and the protocol that a client of TLS asked for. */
  readonly tlvs: readonly ("received" | "authority" | "alpn")[];
  /** CRC-32C at the end of version 2. */
  readonly checksum: boolean;
}

export interface EndpointSpec {
  /** The host may be a name here; it is resolved by the cluster. */
  readonly address: Address;
  /** 0 to 65535; 0 takes no traffic. */
  readonly weight: number;
  readonly metadata: ReadonlyMap<string, string>;
  readonly zone: string;
  /** 0 is the highest, 127 the lowest: a level takes what those above it can't. */
  readonly priority: number;
}

export interface AccessLogSpec {
  readonly to: { readonly kind: "stdout" } | { readonly kind: "stderr" } | { readonly kind: "file"; readonly path: string };
  /** A template of `{name}` placeholders, or JSON with these names in this order; see `ACCESS_FIELDS`. */
  readonly format:
    | { readonly kind: "text"; readonly template: string }
    | { readonly kind: "json"; readonly fields: readonly string[] };
}

export interface EventLogSpec {
  readonly level: "debug" | "info" | "warning" | "error";
  /** auto: text on a terminal, JSON otherwise. */
  readonly format: "auto" | "text" | "json";
}

export interface DrainSpec {
  /** `/readyz` says 503 and accepting goes on. */
  readonly delayMs: number;
  /** Then what is in flight has this long to end. */
  readonly limitMs: number;
  /** The same for tunnels: WebSockets may be worth more patience, or less. */
  readonly tunnelsMs: number;
}

export interface ProcessLimitsSpec {
  /** Downstream connections in all; null: derived from the limit of open files. */
  readonly maxConnections: number | null;
  /** Downstream connections of one client address; null: no cap. */
  readonly maxConnectionsPerClient: number | null;
  /** Names or numbers to drop to after binding; null: stay. */
  readonly user: string | null;
  readonly group: string | null;
  readonly worker: WorkerLimitsSpec;
}

/** Limits of one of several worker processes. */
export interface WorkerLimitsSpec {
  /** Resident memory: above `soft` a successor takes its place and it drains, above `hard` it is killed; null: no limit. */
  readonly memory: { readonly softBytes: number | null; readonly hardBytes: number | null };
  /** How long it serves on without a supervisor. */
  readonly orphanMs: number;
}
