import { Metrics } from "../../../src/telemetry/metrics.ts";
import type { Numbers } from "../../../src/telemetry/numbers.ts";

/** A catalogue that holds every metric there is. */
export function allMetrics(m: Metrics = new Metrics()): Numbers {
  m.server.describeBuild("1.0.0", "bun");
  m.listener("a");
  m.datagrams("a");
  m.route("a").grpc.finish("", 0);
  m.cluster("a").hosts("healthy", 0);
  m.cluster("a").breaker("default").gauges("requests");
  m.accessLog("a");
  m.overload.shed.add(0, 1);
  m.tls.listenerExpiry("a", "b");
  m.tls.clusterExpiry("a", "b");
  return m.numbers;
}
