// What Weir does with one request between two sockets, without them: codecs, route, exchange, attempt, pool, counters. Nanoseconds a request.
//   bun bench/micro/exchange.ts        deno run -A --no-check bench/micro/exchange.ts
import { encodeLatin1 } from "../../src/base/bytes.ts";
import { measure } from "./measure.ts";
import { firstReply, GET, openStub, REPLY } from "./stub_server.ts";

const CALLS = 10_000;
const POST = GET.replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\nhello");

async function open(route: string, cluster: string): Promise<(request: string) => number> {
  const server = await openStub({ route, cluster });
  await firstReply(server);
  const { down, ups } = server;
  const reply = encodeLatin1(REPLY);
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
