import type { HeaderOpsSpec, HttpHandlerSpec, RouteSpec } from "../config/model.ts";
import type { HedgeSpec } from "../config/traffic_model.ts";
import type { FilterChain } from "../filter/filter_chain.ts";
import type { H1ServerOptions } from "../http/h1/server.ts";
import type { H2ServerOptions } from "../http/h2/server.ts";
import type { RequestHead } from "../http/head.ts";
import type { RouteTable } from "../router/types.ts";
import type { AccessLog } from "../telemetry/access_record.ts";
import type { Priority } from "../telemetry/breaker_metrics.ts";
import type { ListenerMetrics, RouteMetrics } from "../telemetry/metrics.ts";
import type { Cluster } from "../upstream/types.ts";
import type { WeightedChoice } from "../upstream/weighted.ts";
import type { LinkEnv } from "../wire/link.ts";
import type { AwayKeys } from "./away_keys.ts";
import type { Exchange } from "./exchange.ts";
import type { ForwardedPolicy } from "./forwarded.ts";
import type { RequestTarget } from "./request_target.ts";
import type { RetryPolicy } from "./retry_policy.ts";
import type { RouteKeys } from "./route_keys.ts";

/** What a route is on the data path: everything that its requests need, resolved when the config was compiled. */
export interface RouteRule {
  readonly name: string;
  readonly spec: RouteSpec;
  readonly metrics: RouteMetrics;
  readonly action: RuleAction;
  /** null: no filters. */
  readonly chain: FilterChain | null;
  /** Bits of `RequestHead.pathFlags` that this route refuses. */
  readonly refusedPath: number;
  /** Bytes of a request's body; Infinity: no limit. */
  readonly bodyBytes: number;
  /** null: nothing to do. */
  readonly requestOps: HeaderOpsSpec | null;
  readonly responseOps: HeaderOpsSpec | null;
  readonly timeoutMs: number;
  /** Field by which a trusted peer shortens that time, lower case; null: none. */
  readonly timeoutHeader: string | null;
  readonly responseHeadMs: number;
  readonly grpc: GrpcRule;
}

/** What a route does with requests of gRPC. */
export interface GrpcRule {
  /** Infinity: no bound. */
  readonly maxTimeoutMs: number;
  /** Paths that are counted by name. */
  readonly methods: ReadonlySet<string>;
}

export type RuleAction = ForwardAction | RespondAction | RedirectAction | ServeAction;

export interface ForwardAction {
  readonly kind: "forward";
  readonly clusters: readonly Cluster[];
  /** null: there is one cluster. */
  readonly choice: WeightedChoice | null;
  /** What of a request says where it goes, instead of `choice` alone; null: nothing. */
  readonly keys: RouteKeys | null;
  /** The same for clusters that filters name instead. */
  readonly away: AwayKeys;
  /** null: the path stays. */
  readonly rewrite: ((path: string, matchedPrefix: string | null) => string) | null;
  /** null: as the cluster says. */
  readonly host: RewriteHost | null;
  readonly upgrades: ReadonlySet<string>;
  readonly connect: boolean;
  /** Whose caps of the clusters hold. */
  readonly priority: Priority;
  /** null: one attempt, and no copies. */
  readonly tries: TryPolicy | null;
}

/** What a request may cost beside its one attempt. */
export interface TryPolicy {
  readonly retry: RetryPolicy | null;
  readonly hedge: HedgeSpec | null;
  readonly mirrors: readonly MirrorTarget[];
}

export interface MirrorTarget {
  readonly cluster: Cluster;
  /** 0 to 1. */
  readonly share: number;
}

export type RewriteHost =
  | { readonly kind: "pass" }
  | { readonly kind: "endpoint" }
  | { readonly kind: "literal"; readonly value: string };

export interface RespondAction {
  readonly kind: "respond";
  readonly status: number;
  readonly body: Uint8Array;
  readonly contentType: string | null;
}

export interface RedirectAction {
  readonly kind: "redirect";
  readonly status: number;
  readonly location: (head: RequestHead, matchedPrefix: string | null) => string;
}

/** Answered inside the process by a target of its own for each request. */
export interface ServeAction {
  readonly kind: "serve";
  /** `matchedPrefix` null: a filter has changed the path, which is not below it any more. */
  readonly serve: (x: Exchange, matchedPrefix: string | null) => ServedTarget;
}

export interface ServedTarget extends RequestTarget {
  /** Called once, when the exchange has it. */
  start(): void;
}

export interface Codecs {
  readonly scheme: "http" | "https";
  readonly h1: H1ServerOptions;
  readonly h2: Omit<H2ServerOptions, "onRefused">;
}

/** What of requests is given up under pressure. */
export interface RequestShedding {
  /** 0: nothing. 1: replies close their connections. 2 and above: requests are refused too. */
  readonly step: number;
  /** Counts one that the step concerned. */
  count(step: 1 | 2): void;
}

/** What serves a listener's requests now. Replaced whole by a reload; an exchange keeps the one that it began with. */
export interface Site {
  readonly listener: string;
  readonly spec: HttpHandlerSpec;
  readonly table: RouteTable<RouteRule>;
  readonly forwarded: ForwardedPolicy;
  readonly accessLog: AccessLog | null;
  /** All of the config, by name: what filters may name. */
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly metrics: ListenerMetrics;
  /** What codecs are told, by whether the connection is a TLS one: that is all the scheme there is. */
  readonly codecs: { readonly plain: Codecs; readonly tls: Codecs };
  readonly link: LinkEnv;
  /** A handler inside the process threw: logged and counted. */
  readonly handlerThrew: (cause: unknown) => void;
  readonly filterThrew: (cause: unknown) => void;
  /** What is given up under pressure; looked at once for each request. */
  readonly shedding: RequestShedding;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
}
