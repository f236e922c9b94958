// What Weir does with one request between two sockets, without them: codecs, route, exchange, attempt, pool, counters. Nanoseconds a request.
//   bun bench/micro/exchange.ts        deno run -A --no-check bench/micro/exchange.ts
import { encodeLatin1 } from "../../src/base/bytes.ts";
import type { Model } from "../../src/config/model.ts";
import { createMemoryPlatform } from "../../src/platform/memory.ts";
import type { Conn, ConnHandler, DialHandler, Listener } from "../../src/platform/types.ts";
import { Server } from "../../src/server/server.ts";
import { parseConfig } from "../../src/source/file/load_config.ts";
import { measure } from "./measure.ts";

const CALLS = 10_000;
const AT = { kind: "tcp", host: "127.0.0.1", port: 8080 } as const;
const REPLY = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world\n";
const GET = "GET /service-3/items/42?page=2 HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n";
const POST = GET.replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\nhello");

/** A connection whose other end is a function. */
class Stub {
  readonly info = { id: 1, local: AT, remote: { ...AT, port: 40_000 }, accepted: true };
  readonly tls = null;
  readonly queued = 0;
  handler!: ConnHandler;
  bytes = 0;
  setHandler(h: ConnHandler): void {
    this.handler = h;
  }
  write(parts: readonly Uint8Array[]): boolean {
    for (const p of parts) this.bytes += p.length;
    return true;
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  reset(): void {}
  destroy(): void {}
}

async function open(route: string, cluster: string): Promise<(request: string) => number> {
  const platform = createMemoryPlatform();
  let accept: ((c: Conn) => ConnHandler) | null = null;
  const ups: Stub[] = [];
  platform.listen = (_at, _o, f) => {
    accept = f;
    return Promise.resolve({ address: AT, close: () => Promise.resolve() } as unknown as Listener);
  };
  platform.dial = (_to, _o, h: DialHandler) => {
    const up = new Stub();
    ups.push(up);
    queueMicrotask(() => h.onOpen(up as unknown as Conn));
    return { cancel: () => {} };
  };
  const text = `
admin: false
listeners: { web: { address: "127.0.0.1:8080" } }
routes: [{ name: up, to: app ${route} }]
clusters: { app: { endpoints: ["127.0.0.1:9000"] ${cluster} } }
`;
  const files = { read: () => Promise.reject(new Error("no file")), list: () => Promise.resolve([]) };
  const { model, problems } = await parseConfig(text, "weir.yaml", {}, files);
  if (model === null) throw new Error(JSON.stringify(problems));
  const server = new Server({ platform, log: { log: () => {} }, build: { version: "0", commit: "bench" } });
  await server.apply(model as Model);
  const down = new Stub();
  down.setHandler(accept!(down as unknown as Conn));
  down.handler.onData(encodeLatin1(GET));
  await Promise.resolve();
  const reply = encodeLatin1(REPLY);
  ups[0]!.handler.onData(reply.slice());
  return (request) => {
    const bytes = encodeLatin1(request);
    const before = down.bytes;
    for (let i = 0; i < CALLS; i++) {
      down.handler.onData(bytes.slice());
      ups[0]!.handler.onData(reply.slice());
    }
    if (ups.length !== 1) throw new Error("the connection was not used again");
    return down.bytes - before;
  };
}

const plain = await open("", "");
measure("GET", CALLS, () => plain(GET));
measure("POST with 5 bytes", CALLS, () => plain(POST));
// What is not known to a Weir is left out, so that an older one can be measured with this file.
for (const [name, route, cluster] of [
  ["GET, breakers", "", ", breakers: { requests: 1000, connections: 100 }"],
  ["GET, retry", ", retry: 2", ""],
  ["GET, retry and hedge", ", retry: 2, hedge: 1s", ""],
] as const) {
  const run = await open(route, cluster).catch(() => null);
  if (run !== null) measure(name, CALLS, () => run(GET));
}
process.exit(0);
