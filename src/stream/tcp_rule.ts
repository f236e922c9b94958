import type { Address, Conn } from "../platform/types.ts";
import type { AccessLog } from "../telemetry/access_record.ts";
import type { ListenerMetrics } from "../telemetry/metrics.ts";
import type { Cluster } from "../upstream/types.ts";
import type { WeightedChoice } from "../upstream/weighted.ts";
import type { LinkEnv } from "../wire/link.ts";
import type { OpenConn } from "../wire/open_conn.ts";
import type { TunnelSet } from "../wire/tunnel.ts";

/** What a chain of TCP is on the data path. A session lets go of it as soon as it has reached its host. */
export interface TcpRule {
  readonly clusters: readonly Cluster[];
  /** null: there is one cluster. */
  readonly choice: WeightedChoice | null;
  /** Infinity: a session may be idle for ever. */
  readonly idleMs: number;
  /** Hosts that are tried for one session. */
  readonly connectAttempts: number;
}

/** What the sessions of a listener share, as the config in force has it. */
export interface SessionSite {
  readonly listener: string;
  readonly metrics: ListenerMetrics;
  readonly accessLog: AccessLog | null;
  readonly link: LinkEnv;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
}

/** The listener that a session came through. */
export interface SessionHost {
  readonly tunnels: TunnelSet;
  /** Where the connection was going before it was redirected here, or taken over; null: to the listener itself, or not known. */
  destinationOf(c: Conn): Address | null;
  closed(c: OpenConn): void;
}
