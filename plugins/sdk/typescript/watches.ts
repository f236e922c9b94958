import type { HostLink } from "./host.ts";
import type { Watch } from "./plugin.ts";
import type { Endpoint, WatchEndpointsParams } from "./protocol.ts";

/** Clusters whose endpoints the host wants to know. */
export class Watches {
  readonly #host: HostLink;
  readonly #open = new Map<number, AbortController>();

  constructor(host: HostLink) {
    this.#host = host;
  }

  open(p: WatchEndpointsParams): Watch {
    const { watch, cluster, config } = p;
    const abort = new AbortController();
    this.#open.set(watch, abort);
    const tell = (endpoints: Endpoint[]): void => {
      if (!abort.signal.aborted) this.#host.notify("endpoints", { watch, endpoints });
    };
    return { cluster, config, signal: abort.signal, tell };
  }

  close(watch: number): void {
    this.#open.get(watch)?.abort();
    this.#open.delete(watch);
  }
}
