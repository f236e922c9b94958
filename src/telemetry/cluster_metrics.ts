import type { ErrorCode } from "../base/error.ts";
import { BreakerMetrics, type Priority } from "./breaker_metrics.ts";
import { CHECK_CELLS, EJECTION_CELLS, type HostState } from "./health_cells.ts";
import { CODE_CELLS, MetricRows, STATUS_CELLS, statusCell } from "./metric_rows.ts";
import type { CellSpec, Counter, CounterVector, Histogram, Numbers } from "./numbers.ts";
import { errorCell } from "./response_flags.ts";

/** What became of the copies of requests that were sent to a cluster. `cut`: it took them too slowly. */
export const MIRROR_ENDS = Object.freeze(["answered", "failed", "cut"] as const);
export type MirrorEnd = (typeof MIRROR_ENDS)[number];

const MIRROR_CELLS: CellSpec = { label: "end", names: MIRROR_ENDS };

/** Numbers of one cluster. Labels: `cluster`. */
export class ClusterMetrics {
  readonly #n: Numbers;
  readonly #cluster: string;
  readonly connects: Counter;
  /** By error code of the failed dial. */
  readonly connectFailures: CounterVector;
  /** Seconds that successful dials took. */
  readonly connectDuration: Histogram;
  readonly connectionsActive: Counter;
  readonly connectionsIdle: Counter;
  readonly requestsActive: Counter;
  /** Sessions of TCP that reached a host. */
  /** Sessions of TCP and UDP. */
  readonly sessions: Counter;
  readonly sessionsActive: Counter;
  /** Replies of upstreams by class of status; one that Weir made is not among them. */
  readonly responses: CounterVector;
  /** Seconds from the request sent to the reply's head. */
  readonly headDuration: Histogram;
  /** Attempts after the first, but for those that a hedge began. */
  readonly retries: Counter;
  /** Attempts begun beside one that took long. */
  readonly hedges: Counter;
  /** Copies of requests, which stand in no other counter of requests and replies. */
  readonly mirrors: CounterVector;
  /** Connections and streams that the upstream reset or closed in mid-exchange. */
  readonly resets: Counter;
  readonly timeouts: Counter;
  /** Attempts that failed, by error code. */
  readonly faults: CounterVector;
  /** HTTP/2 connections ended because the upstream went past a budget. */
  readonly floods: Counter;
  /** By state; a row comes with the first host that is so. */
  readonly #hosts = new Map<HostState, Counter>();
  /** Checks by what became of them; in the process that makes them. */
  readonly healthChecks: CounterVector;
  /** By cause. */
  readonly ejections: CounterVector;
  readonly ejectionsActive: Counter;
  /** Hosts that would have been ejected, were not too many already. */
  readonly ejectionsCapped: Counter;
  /** Picks among all hosts because too few were healthy. */
  readonly panics: Counter;
  /** Questions of DNS without an answer, and files of endpoints that can't be used. */
  readonly discoveryFailures: Counter;
  readonly datagramsUp: Counter;
  readonly datagramsDown: Counter;
  /** To the upstream. */
  readonly bytesUp: Counter;
  /** From the upstream. */
  readonly bytesDown: Counter;

  readonly #breakers = new Map<Priority, BreakerMetrics>();

  constructor(n: Numbers, cluster: string) {
    this.#n = n;
    this.#cluster = cluster;
    const by = new MetricRows(n, "weir_cluster_", { cluster });
    this.connects = by.counter("connects_total", "Connections opened to upstreams");
    this.connectFailures = by.vector("connect_failures_total", "Dials that failed, by error code", CODE_CELLS, "never");
    this.connectDuration = by.histogram("connect_duration_seconds", "Time that successful dials took", "never");
    this.connectionsActive = by.gauge("connections_active", "Upstream connections open now, idle ones included");
    this.connectionsIdle = by.gauge("connections_idle", "Upstream connections kept for the next request");
    this.requestsActive = by.gauge("requests_active", "Attempts in flight");
    this.sessions = by.counter("sessions_total", "Sessions of TCP and UDP that reached a host", "never");
    this.sessionsActive = by.gauge("sessions_active", "Sessions of TCP and UDP open now");
    this.responses = by.vector("responses_total", "Replies of upstreams, by class of status", STATUS_CELLS, "never");
    this.headDuration = by.histogram("response_head_duration_seconds", "Request sent to head of the reply", "never");
    this.retries = by.counter("retries_total", "Attempts after the first", "never");
    this.hedges = by.counter("hedges_total", "Attempts begun beside one that took long", "never");
    this.mirrors = by.vector("mirrored_requests_total", "Copies of requests, by how they ended", MIRROR_CELLS, "never");
    this.resets = by.counter("resets_total", "Connections that the upstream reset or closed in mid-exchange", "never");
    this.timeouts = by.counter("timeouts_total", "Attempts that ended with a timeout", "never");
    this.faults = by.vector("faults_total", "Attempts that failed, by error code", CODE_CELLS, "never");
    this.floods = by.counter("floods_total", "HTTP/2 connections ended because the upstream went past a budget", "never");
    this.healthChecks = by.vector("health_checks_total", "Health checks, by result", CHECK_CELLS, "never");
    this.ejections = by.vector("ejections_total", "Hosts ejected for their answers, by cause", EJECTION_CELLS, "never");
    this.ejectionsActive = by.gauge("ejections_active", "Hosts ejected now, summed over the workers");
    this.ejectionsCapped = by.counter("ejections_capped_total", "Hosts not ejected because too many are", "never");
    this.panics = by.counter("panics_total", "Picks among all hosts, healthy or not, because too few were healthy", "never");
    this.discoveryFailures = by.counter(
      "discovery_failures_total",
      "Questions of DNS that brought no address, and changes of a file of endpoints that could not be used",
      "never",
    );
    this.datagramsUp = by.counter("sent_datagrams_total", "Datagrams sent to upstreams", "never");
    this.datagramsDown = by.counter("received_datagrams_total", "Datagrams read from upstreams", "never");
    this.bytesUp = by.counter("sent_bytes_total", "Bytes written to upstreams", "never");
    this.bytesDown = by.counter("received_bytes_total", "Bytes read from upstreams", "never");
  }

  /** Made when something of it has a limit: most clusters have none. */
  breaker(priority: Priority): BreakerMetrics {
    let metrics = this.#breakers.get(priority);
    if (metrics === undefined) {
      metrics = new BreakerMetrics(this.#n, this.#cluster, priority);
      this.#breakers.set(priority, metrics);
    }
    return metrics;
  }

  mirrored(end: MirrorEnd): void {
    this.mirrors.add(MIRROR_ENDS.indexOf(end), 1);
  }

  /** So many hosts more are in this state, or fewer. */
  hosts(state: HostState, n: number): void {
    let gauge = this.#hosts.get(state);
    if (gauge === undefined) {
      const labels = { cluster: this.#cluster, state };
      gauge = this.#n.gauge("weir_cluster_hosts", "Hosts by state; of several workers the largest number", labels, "max");
      this.#hosts.set(state, gauge);
    }
    gauge.add(n);
  }

  /** Counts a connection opened after so many milliseconds. */
  connected(ms: number): void {
    this.connects.add(1);
    this.connectDuration.observe(ms / 1000);
  }

  connectFailed(code: ErrorCode): void {
    this.connectFailures.add(errorCell(code), 1);
  }

  /** Counts the head of a final reply, so many milliseconds after the request was sent. */
  respond(status: number, ms: number): void {
    this.responses.add(statusCell(status), 1);
    this.headDuration.observe(ms / 1000);
  }

  /** Counts a failed attempt, and with it the reset or the timeout that it was. */
  fault(code: ErrorCode): void {
    this.faults.add(errorCell(code), 1);
    if (code === "upstreamReset" || code === "upstreamClosed") this.resets.add(1);
    else if (code === "responseTimeout" || code === "requestTimeout" || code === "streamIdleTimeout") this.timeouts.add(1);
  }
}
