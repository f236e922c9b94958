import type { ListenerMetrics, RouteMetrics } from "../telemetry/metrics.ts";
import { flagOf } from "../telemetry/response_flags.ts";
import type { TunnelDone } from "../wire/tunnel.ts";
import type { ExchangeRecord } from "./exchange_record.ts";
import type { Site } from "./site.ts";

/** What a tunnel keeps of the exchange that it was: no config, for it may last for weeks. */
export interface TunnelRecord extends Pick<Site, "accessLog" | "link"> {
  readonly record: ExchangeRecord;
  /** Milliseconds of the clock when its request came. */
  readonly began: number;
  readonly metrics: ListenerMetrics;
  readonly routeMetrics: RouteMetrics | null;
  /** The host that it goes to; null: none that counts. */
  readonly host: { active: number } | null;
  readonly gone: (() => void) | undefined;
}

/** Counts a tunnel as open, and returns what its end calls. */
export function openTunnel(t: TunnelRecord): TunnelDone {
  const { record: x, metrics, host } = t;
  metrics.tunnelsActive.add(1);
  if (host !== null) host.active++;
  return (bytesUp, bytesDown, cause) => {
    t.gone?.();
    metrics.tunnelsActive.add(-1);
    if (host !== null) host.active--;
    x.down.tunnelClosed();
    metrics.requestsActive.add(-1);
    metrics.finish(x.status);
    x.requestBodyBytes += bytesUp;
    x.responseBodyBytes += bytesDown;
    x.duration = t.link.flusher.now - t.began;
    if (cause !== null) x.mark(flagOf(cause.facts.code));
    t.routeMetrics?.finish(x.status, x.duration);
    t.accessLog?.write(x);
  };
}
