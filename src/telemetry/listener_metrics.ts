import type { ErrorCode } from "../base/error.ts";
import { CODE_CELLS, MetricRows, STATUS_CELLS, statusCell } from "./metric_rows.ts";
import type { CellSpec, Counter, CounterVector, Numbers } from "./numbers.ts";
import { errorCell } from "./response_flags.ts";

/** Why an accepted connection was closed unserved. */
export const REFUSALS = Object.freeze([
  "listenerLimit",
  "processLimit",
  "clientLimit",
  "noDescriptors",
  "draining",
  "source",
  "connectionRate",
  "overload",
] as const);
export type Refusal = (typeof REFUSALS)[number];

/** What came of a connection of a proxy in front: it named a client, meant itself, came without a header, or was refused. */
export const PROXY_HEADERS = Object.freeze(["client", "own", "none", "refused"] as const);
export type ProxyHeaderOutcome = (typeof PROXY_HEADERS)[number];
const PROXY_HEADER: CellSpec = { label: "outcome", names: PROXY_HEADERS };

/** Budgets of an HTTP/2 connection, as its codec calls them. */
export const FLOODS: readonly string[] = Object.freeze([
  "resets",
  "continuation",
  "ping",
  "settings",
  "emptyData",
  "priority",
  "windowUpdate",
  "tinyWindow",
  "strayHeads",
  "otherFrames",
]);
const FLOOD: CellSpec = { label: "budget", names: FLOODS };

const REFUSAL: CellSpec = { label: "reason", names: REFUSALS };

/** Numbers of one listener. Labels: `listener`. */
export class ListenerMetrics {
  /** Connections accepted, those refused afterwards included. */
  readonly connections: Counter;
  readonly connectionsActive: Counter;
  readonly refused: CounterVector;
  /** Connections of proxies that are believed, by what their PROXY header said. */
  readonly proxyHeaders: CounterVector;
  /** By class of the final status; added when the exchange has ended. */
  readonly requests: CounterVector;
  readonly requestsActive: Counter;
  readonly tunnelsActive: Counter;
  /** Connections that TCP chains took, or flows of datagrams. */
  readonly sessions: Counter;
  readonly sessionsActive: Counter;
  /** Faults told to the client or that ended its connection, by error code. */
  readonly faults: CounterVector;
  readonly bytesIn: Counter;
  readonly bytesOut: Counter;
  /** HTTP/2 connections ended for going past a budget, by its name. */
  readonly floods: CounterVector;
  /** Requests that a handler inside the process failed by a throw. */
  readonly handlerFaults: Counter;
  /** Requests that a filter failed by a throw. */
  readonly filterFaults: Counter;

  constructor(n: Numbers, listener: string) {
    const by = new MetricRows(n, "weir_listener_", { listener });
    this.connections = by.counter("connections_total", "Connections accepted");
    this.connectionsActive = by.gauge("connections_active", "Connections open now");
    this.refused = by.vector("refused_connections_total", "Connections closed unserved, by reason", REFUSAL, "never");
    this.proxyHeaders = by.vector(
      "proxy_headers_total",
      "Connections of trusted proxies, by what their PROXY header said",
      PROXY_HEADER,
      "never",
    );
    this.requests = by.vector("requests_total", "Requests ended, by class of the final status", STATUS_CELLS, "always");
    this.requestsActive = by.gauge("requests_active", "Requests in flight");
    this.tunnelsActive = by.gauge("tunnels_active", "Upgraded connections and CONNECT tunnels open now");
    this.sessions = by.counter("sessions_total", "Sessions of TCP and UDP begun", "never");
    this.sessionsActive = by.gauge("sessions_active", "Sessions of TCP and UDP open now");
    this.faults = by.vector(
      "faults_total",
      "Requests, sessions and connections that ended with a fault, by error code",
      CODE_CELLS,
      "never",
    );
    this.bytesIn = by.counter("received_bytes_total", "Bytes read from clients");
    this.bytesOut = by.counter("sent_bytes_total", "Bytes written to clients");
    this.floods = by.vector("floods_total", "HTTP/2 connections ended for going past a budget", FLOOD, "never");
    this.handlerFaults = by.counter("handler_faults_total", "Requests that a handler inside the process failed by a throw");
    this.filterFaults = by.counter("filter_faults_total", "Requests that a filter failed by a throw");
  }

  refuse(reason: Refusal): void {
    this.refused.add(REFUSALS.indexOf(reason), 1);
  }

  proxyHeader(outcome: ProxyHeaderOutcome): void {
    this.proxyHeaders.add(PROXY_HEADERS.indexOf(outcome), 1);
  }

  flood(cause: string): void {
    this.floods.add(FLOODS.indexOf(cause), 1);
  }

  fault(code: ErrorCode): void {
    this.faults.add(errorCell(code), 1);
  }

  /** Counts an ended request; 0: no reply was begun. */
  finish(status: number): void {
    this.requests.add(statusCell(status), 1);
  }
}
