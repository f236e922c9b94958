import { Metrics } from "../../../src/telemetry/metrics.ts";

/** Every metric of Weir, each with a number of its own. */
export function busy(m: Metrics = new Metrics()): Metrics {
  const web = m.listener("web");
  web.connections.add(12);
  web.connectionsActive.add(3);
  web.refuse("clientLimit");
  web.finish(200);
  web.finish(200);
  web.finish(503);
  web.finish(0);
  web.fault("badRequest");
  web.bytesIn.add(2 ** 40);
  m.route("checkout").finish(200, 1);
  m.route("checkout").finish(200, 1.1);
  m.route("checkout").finish(404, 30_001);
  m.route("unused");
  const c = m.cluster("checkout-v1");
  c.connected(3);
  c.connectFailed("connectRefused");
  c.respond(200, 12);
  c.fault("upstreamReset");
  c.fault("responseTimeout");
  m.accessLog("/var/log/a.log").lines.add(7);
  m.server.describeBuild("1.2.3", "bun 1.4.5");
  m.server.reloaded(4, 1_769_903_999_007);
  m.server.reloadRefused();
  return m;
}
