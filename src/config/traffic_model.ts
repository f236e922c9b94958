/** How requests are shared among a cluster's hosts, and what becomes of hosts and requests that fail. Names are Envoy's where it has one. */

/** Where the hash of a request comes from; the keys of a list are combined, and those that a request lacks add nothing. */
export type HashKeySpec =
  | { readonly kind: "header" /** Lower case. */; readonly name: string }
  | { readonly kind: "query"; readonly name: string }
  /** Minted when absent: a session cookie where `ttlMs` is null. */
  | {
      readonly kind: "cookie";
      readonly name: string;
      readonly mint: null | {
        readonly ttlMs: number | null;
        readonly path: string;
        readonly httpOnly: boolean;
        readonly secure: boolean;
        readonly sameSite: "strict" | "lax" | "none" | null;
      };
    }
  | { readonly kind: "source" }
  | { readonly kind: "path" };

export type BalanceSpec =
  /** By weight, evenly spread. */
  | { readonly kind: "roundRobin"; readonly slowStart: SlowStartSpec | null }
  | { readonly kind: "random"; readonly slowStart: SlowStartSpec | null }
  /** The one with the fewest requests of `choices` that are drawn. A weight counts as weight / (requests + 1) ^ `activeBias`. */
  | {
      readonly kind: "leastRequest";
      readonly choices: number;
      readonly activeBias: number;
      readonly slowStart: SlowStartSpec | null;
    }
  /** The one of two with the lowest (latency peak, decaying in `decayMs`) × (requests + 1). */
  | { readonly kind: "peakEwma"; readonly decayMs: number; readonly slowStart: SlowStartSpec | null }
  /** Ketama. `points` a host of average weight, at least 160. */
  | {
      readonly kind: "ringHash";
      readonly points: number;
      readonly on: readonly HashKeySpec[];
      readonly slowStart: SlowStartSpec | null;
    }
  /** `tableSize` is a prime. */
  | {
      readonly kind: "maglev";
      readonly tableSize: number;
      readonly on: readonly HashKeySpec[];
      readonly slowStart: SlowStartSpec | null;
    };

/** A host that is new, or healthy again, takes a share that grows over the window: max(minShare, (time / window) ^ (1 / aggression)). */
export interface SlowStartSpec {
  readonly windowMs: number;
  /** Above 0; 1: linear. */
  readonly aggression: number;
  /** 0 to 1. */
  readonly minShare: number;
}

/** How hosts are taken apart before a policy chooses. */
export interface SharingSpec {
  /** A level of priority counts as whole while its healthy share × this is 1 or more; 1.4 by default. */
  readonly overprovisioning: number;
  /** Below this share (0 to 1) of healthy hosts all take traffic, healthy or not; 0: never. */
  readonly panicThreshold: number;
  /** Shares of zones; null: zones are not told apart. A zone that is not named has 1. */
  readonly zoneWeights: ReadonlyMap<string, number> | null;
  /** Sets of metadata keys by which routes may ask for a part of the hosts. */
  readonly subsets: readonly (readonly string[])[];
  /** Without a host of the subset: any host, none, or those of `fallbackSubset`. */
  readonly subsetFallback: "any" | "none" | "subset";
  readonly fallbackSubset: ReadonlyMap<string, string>;
}

export interface HealthCheckSpec {
  readonly probe:
    | {
        readonly kind: "http";
        readonly path: string;
        readonly method: "GET" | "HEAD" | "OPTIONS";
        /** null: the endpoint's. */
        readonly host: string | null;
        readonly headers: readonly (readonly [name: string, value: string])[];
        /** Ranges, both ends included; never empty. */
        readonly expect: readonly (readonly [from: number, to: number])[];
        /** What the first KiB of the body must contain; null: it isn't read. */
        readonly body: string | null;
      }
    /** What the answer begins with; `expect` null: that the connection stands, and `send` was sent, is enough. */
    | { readonly kind: "tcp"; readonly send: Uint8Array | null; readonly expect: Uint8Array | null }
    /** grpc.health.v1; `service` "": the server. */
    | { readonly kind: "grpc"; readonly service: string; readonly authority: string | null };
  /** Port that is checked; null: the endpoint's. */
  readonly port: number | null;
  readonly intervalMs: number;
  /** Of a host that is not healthy. */
  readonly unhealthyIntervalMs: number;
  /** 0 to 1: a wait is longer by up to this share. */
  readonly jitter: number;
  readonly timeoutMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  /** The connection is kept between checks. */
  readonly reuse: boolean;
}

/** Hosts that answer badly are left out for a while. 0 of a count or a share: that detector is off. */
export interface OutlierSpec {
  readonly consecutive5xx: number;
  /** 502, 503, 504 and failures that `consecutiveLocalFailures` counts. */
  readonly consecutiveGatewayErrors: number;
  /** Not connected, reset, timed out. */
  readonly consecutiveLocalFailures: number;
  /** Looked at so often. */
  readonly intervalMs: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  /** 0 to 1. One host may always go. */
  readonly maxEjectedShare: number;
  /** Below mean − factor × standard deviation; null: off. */
  readonly successRate: null | { readonly minHosts: number; readonly minRequests: number; readonly stdevFactor: number };
  /** At or above `threshold` (0 to 1); null: off. */
  readonly failureShare: null | { readonly minHosts: number; readonly minRequests: number; readonly threshold: number };
}

/** Caps of one priority of a cluster; Infinity: none. What is above is answered with 503 at once. Each worker has its share. */
export interface BreakerSpec {
  readonly connections: number;
  /** Requests that wait for a connection. */
  readonly pending: number;
  readonly requests: number;
  /** Retries at once: the larger of `floor` and `share` of the requests that are active. */
  readonly retries: { readonly share: number; readonly floor: number };
}

export type RetryReason =
  | { readonly kind: "connectFailure" }
  | { readonly kind: "reset" }
  | { readonly kind: "refusedStream" }
  | { readonly kind: "timeout" }
  /** Both ends included. */
  | { readonly kind: "status"; readonly from: number; readonly to: number }
  | { readonly kind: "grpc"; readonly status: number }
  /** The reply has the field; lower case. */
  | { readonly kind: "header"; readonly name: string };

export interface RetrySpec {
  readonly on: readonly RetryReason[];
  /** After the first. */
  readonly attempts: number;
  /** Methods that are tried again once something was sent; empty: the idempotent ones (RFC 9110 9.2.2). */
  readonly methods: readonly string[];
  /** null: as the route's. */
  readonly perTryMs: number | null;
  /** Before the n-th retry: a random part of min(max, base × 2 ^ (n − 1)). */
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
  /** Retry-After and X-RateLimit-Reset of a reply are kept to up to so long, beyond it there is no retry; 0: not looked at. */
  readonly retryAfterMs: number;
  /** Prefer a host that was not tried. */
  readonly otherHost: boolean;
  /** Bytes of a body kept for another try; a longer one isn't tried again. */
  readonly bufferBytes: number;
}

/** Another attempt beside one that takes long; the first reply wins. For idempotent requests. */
export interface HedgeSpec {
  /** Attempts at once in all. */
  readonly attempts: number;
  readonly afterMs: number;
}

/** A copy of a request whose reply nobody sees. */
export interface MirrorSpec {
  readonly cluster: string;
  /** 0 to 1. */
  readonly share: number;
}

/** The cluster of a request by a key of it, instead of by turns. */
export interface StickySpec {
  readonly on: HashKeySpec;
}

/** Delays and aborts, for tests of what depends on it. */
export interface FaultSpec {
  readonly kind: "fault";
  /** 0 to 1. */
  readonly delay: null | { readonly share: number; readonly ms: number };
  readonly abort: null | { readonly share: number; readonly status: number; readonly grpcStatus: number | null };
  /** Only requests that have all these fields; lower case. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Faults at once; Infinity: no bound. */
  readonly maxActive: number;
}

/** Requests are shed with growing probability when too few succeed: ((n − s / threshold) / (n + 1)) ^ (1 / aggression), of n requests with s successes. */
export interface AdmissionSpec {
  readonly kind: "admission";
  readonly windowMs: number;
  /** 0 to 1. */
  readonly threshold: number;
  readonly aggression: number;
  /** Requests a second below which nothing is shed. */
  readonly minRate: number;
  readonly maxRejection: number;
  /** How long a client waits for admission before it is shed; 0: not at all. */
  readonly waitMs: number;
}

/** What is given up under pressure, in steps. A pressure is the share of its limit, 0 to 1. */
export interface OverloadSpec {
  /** Resident bytes of a process that are pressure 1; null: not looked at. */
  readonly heapBytes: number | null;
  /** Delay of a process's event loop that is pressure 1. */
  readonly loopDelayMs: number | null;
  /** Client connections of all workers together. */
  readonly connections: number | null;
  /** Replies close their connections from here on. */
  readonly stopKeepAliveAt: number;
  /** New requests and streams are answered with 503. */
  readonly refuseRequestsAt: number;
  /** New connections are closed at once. */
  readonly refuseConnectionsAt: number;
}

/** Where a cluster's hosts come from. */
export type HostsSpec =
  /** The config's endpoints. */
  | "listed"
  /** Each session goes where it was going before it was redirected. */
  | "originalDestination"
  /** SRV records (RFC 2782): priorities become levels, weights weights. */
  | { readonly kind: "srv"; readonly name: string }
  /** A file with a list of endpoints, watched. */
  | { readonly kind: "file"; readonly path: string }
  /** A plugin tells them; `config` is any JSON that it is given for this cluster, null: none. */
  | { readonly kind: "plugin"; readonly plugin: string; readonly config: unknown };
