// Cost of counting: `bun bench/micro/numbers.ts`, `deno run -A --no-check bench/micro/numbers.ts`. With `shared` behind it the rows lie in
// one buffer of 64 MiB, as the rows of worker processes do.
import process from "node:process";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { NumberMemory } from "../../src/telemetry/number_memory.ts";
import { Numbers } from "../../src/telemetry/numbers.ts";
import { measure } from "./measure.ts";

const N = 200_000;
const shared = process.argv.includes("shared") ? { buffer: new ArrayBuffer(64 << 20) } : null;
const metrics = new Metrics(new Numbers(new NumberMemory(shared)));
const listener = metrics.listener("web");
const routes = Array.from({ length: 1000 }, (_, i) => metrics.route(`route-${i}`));
const cluster = metrics.cluster("checkout");
const STATUS = [200, 200, 200, 304, 404, 503, 200, 201];

measure("counter.add", N, () => {
  for (let i = 0; i < N; i++) listener.bytesIn.add(i & 255);
  return listener.bytesIn.value;
});
measure("route.finish, 1,000 routes", N, () => {
  for (let i = 0; i < N; i++) routes[(i * 7) % 1000]!.finish(STATUS[i & 7]!, (i & 127) / 10);
  return routes[0]!.duration.sum;
});
measure("all that a proxied request counts", N, () => {
  for (let i = 0; i < N; i++) {
    const status = STATUS[i & 7]!;
    listener.requestsActive.add(1);
    listener.bytesIn.add(96);
    cluster.requestsActive.add(1);
    cluster.bytesUp.add(140);
    cluster.bytesDown.add(260);
    cluster.respond(status, (i & 127) / 20);
    cluster.requestsActive.add(-1);
    listener.bytesOut.add(280);
    listener.finish(status);
    routes[(i * 7) % 1000]!.finish(status, (i & 127) / 10);
    listener.requestsActive.add(-1);
  }
  return cluster.headDuration.sum;
});
