import type { ClusterSpec, EndpointSpec } from "../../config/model.ts";
import type { WatchEnv } from "./dns_policy.ts";

/**
 * Where the endpoints of one cluster come from: a list, DNS SRV, a file, and whatever else knows them. It tells whole sets, each in the
 * place of the one before. A source that has lost its own source tells nothing, so that the last good set stays in force.
 *
 * @example
 * ```ts
 * class Static implements EndpointSource {
 *   start(sink: EndpointSink): void {
 *     sink.set([{ address: { kind: "tcp", host: "app.test", port: 80 }, weight: 1, metadata: new Map(), zone: "", priority: 0 }]);
 *   }
 *   close(): void {}
 * }
 * ```
 */
export interface EndpointSource {
  /** Begins, and is called once. The sink may be called before this returns, and is never called after `close`. */
  start(sink: EndpointSink): void;
  close(): void;
}

export interface EndpointSink {
  /**
   * All endpoints that there are. Hosts may be names: the cluster resolves and watches them. An empty set takes all hosts away.
   * What is no longer named drains: it gets nothing new, and what is in flight ends.
   */
  set(endpoints: readonly EndpointSpec[]): void;
  /** The source can't say yet, and nobody should wait for it: a cluster that has just been made is then in force without hosts. */
  lacking(): void;
}

/** Makes the sources that this folder does not have itself, by the kind of `spec.hosts`. */
export type OpenEndpoints = (spec: ClusterSpec, env: WatchEnv) => EndpointSource;
