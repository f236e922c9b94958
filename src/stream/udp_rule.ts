import type { TcpAddress } from "../base/address.ts";
import type { UdpPeer } from "../platform/types.ts";
import type { DatagramDrop, DatagramMetrics } from "../telemetry/datagram_metrics.ts";
import type { Cluster } from "../upstream/types.ts";
import type { WeightedChoice } from "../upstream/weighted.ts";
import type { SessionSite } from "./tcp_rule.ts";

/** What a listener of UDP is on the data path. */
export interface UdpRule {
  readonly clusters: readonly Cluster[];
  /** null: there is one cluster. */
  readonly choice: WeightedChoice | null;
  /** A host is chosen for each datagram. */
  readonly perPacket: boolean;
  readonly idleMs: number;
  /** Bytes of a client's datagram. */
  readonly maxDatagram: number;
  /** Answers to each datagram after which a session ends; Infinity: it lasts until it is idle. */
  readonly replies: number;
}

/** What the sessions of a listener share, as the config in force has it. */
export interface UdpSite extends SessionSite {
  readonly rule: UdpRule;
  readonly datagrams: DatagramMetrics;
}

/** The listener that datagrams come through. */
export interface UdpHost {
  readonly site: UdpSite;
  /** Why no session begins for a client; null: one is counted in. */
  admit(remote: TcpAddress, now: number): DatagramDrop | null;
  /** Counts one in without asking. */
  letIn(): void;
  /** Its own among the sessions of this process. */
  nextId(): number;
  /** One that was counted in is there no longer. */
  ended(): void;
}

/** Both ends of a session, for its line in the log. */
export interface UdpEnds extends UdpPeer {
  readonly id: number;
}
