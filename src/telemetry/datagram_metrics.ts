import { MetricRows } from "./metric_rows.ts";
import type { CellSpec, Counter, CounterVector, Numbers } from "./numbers.ts";

/** Why a datagram went nowhere. Of the client's, then of those to the upstream, then of those to the client. */
export const DATAGRAM_DROPS = Object.freeze([
  "source",
  "sessionLimit",
  "sessionRate",
  "size",
  "draining",
  "overload",
  "noHost",
  "noDescriptors",
  "receiveBuffer",
  "upstreamFull",
  "upstreamTooBig",
  "upstreamRefused",
  "upstreamUnreachable",
  "upstreamFailed",
  "clientFull",
  "clientTooBig",
  "clientRefused",
  "clientUnreachable",
  "clientFailed",
] as const);
export type DatagramDrop = (typeof DATAGRAM_DROPS)[number];

/** What a platform says of a datagram that it did not send. */
type UdpFault = "full" | "tooBig" | "refused" | "unreachable" | "failed";

const DROP: CellSpec = { label: "reason", names: DATAGRAM_DROPS };
const UPSTREAM: Readonly<Record<UdpFault, DatagramDrop>> = {
  full: "upstreamFull",
  tooBig: "upstreamTooBig",
  refused: "upstreamRefused",
  unreachable: "upstreamUnreachable",
  failed: "upstreamFailed",
};
const CLIENT: Readonly<Record<UdpFault, DatagramDrop>> = {
  full: "clientFull",
  tooBig: "clientTooBig",
  refused: "clientRefused",
  unreachable: "clientUnreachable",
  failed: "clientFailed",
};

/** Numbers of one listener of UDP beside its sessions and bytes. Labels: `listener`. */
export class DatagramMetrics {
  readonly received: Counter;
  readonly sent: Counter;
  readonly dropped: CounterVector;

  constructor(n: Numbers, listener: string) {
    const by = new MetricRows(n, "weir_listener_", { listener });
    this.received = by.counter("received_datagrams_total", "Datagrams read from clients, those dropped afterwards included");
    this.sent = by.counter("sent_datagrams_total", "Datagrams sent to clients");
    this.dropped = by.vector("dropped_datagrams_total", "Datagrams that went nowhere, by reason", DROP, "never");
  }

  drop(reason: DatagramDrop, datagrams: number): void {
    this.dropped.add(DATAGRAM_DROPS.indexOf(reason), datagrams);
  }

  dropUpstream(why: UdpFault, datagrams: number): void {
    this.drop(UPSTREAM[why], datagrams);
  }

  dropClient(why: UdpFault, datagrams: number): void {
    this.drop(CLIENT[why], datagrams);
  }
}
