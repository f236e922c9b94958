import type { UdpFault, UdpHandler, UdpPort, UdpSource } from "../platform/types.ts";
import type { Cluster, Host } from "../upstream/types.ts";

/** What a session hears of one of its hosts. */
export interface UpstreamWatcher {
  onReply(u: UdpUpstream, b: Uint8Array, now: number): void;
  onUpstreamError(u: UdpUpstream, why: UdpFault): void;
  onUpstreamLost(why: UdpFault, datagrams: number): void;
}

/** A session's port to one host. */
export class UdpUpstream implements UdpHandler {
  readonly cluster: Cluster;
  readonly host: Host;
  readonly #watcher: UpstreamWatcher;
  readonly #port: UdpPort;

  /** Throws what `Cluster.openUdp` throws. */
  constructor(cluster: Cluster, host: Host, watcher: UpstreamWatcher) {
    this.cluster = cluster;
    this.host = host;
    this.#watcher = watcher;
    this.#port = cluster.openUdp(host, this);
    host.active++;
  }

  /** Null: it is on its way. */
  send(b: Uint8Array): UdpFault | null {
    const fault = this.#port.send(b, null);
    if (fault !== null) return fault;
    const { metrics } = this.cluster;
    metrics.datagramsUp.add(1);
    metrics.bytesUp.add(b.length);
    return null;
  }

  close(): void {
    this.host.active--;
    this.#port.close();
  }

  onDatagram(b: Uint8Array, _from: UdpSource, now: number): void {
    const { metrics } = this.cluster;
    metrics.datagramsDown.add(1);
    metrics.bytesDown.add(b.length);
    this.#watcher.onReply(this, b, now);
  }

  onError(why: UdpFault): void {
    this.#watcher.onUpstreamError(this, why);
  }

  onLost(why: UdpFault, datagrams: number): void {
    this.#watcher.onUpstreamLost(why, datagrams);
  }
}
