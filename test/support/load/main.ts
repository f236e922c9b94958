// The load's own process: its clients and upstreams, so that they never wait for a test. Reads orders and writes answers, a line of JSON each.
import { createInterface } from "node:readline";
import { GrpcChatLoad, GrpcUnaryLoad } from "./grpc_load.ts";
import { H1Load } from "./h1_load.ts";
import { H2Load } from "./h2_load.ts";
import type { Load } from "./load.ts";
import type { LoadOrder, LoadPorts } from "./load_process.ts";
import { OpenLoop } from "./open_loop.ts";
import { startOrigins } from "./origins.ts";
import { SessionLoad } from "./session_load.ts";
import { TCP_TALK, WEBSOCKET_TALK } from "./session_talks.ts";
import { TextSocket } from "./text_socket.ts";
import { UdpLoad } from "./udp_load.ts";

const ORIGINS = 4;

const loop = new OpenLoop(["grpc stream", "websocket", "tcp"]);

/** A kind of traffic is a line here. */
function makeLoads({ web, tls, grpc, chat, tcp, udp }: LoadPorts): readonly Load[] {
  const kind = (name: string) => loop.ledger.kind(name);
  return [
    new H1Load(kind("h1 kept"), () => TextSocket.open(web), 20, { keep: true }),
    new H1Load(kind("h1 new"), () => TextSocket.open(web), 12, { keep: false }),
    new H1Load(kind("h1 over TLS"), () => TextSocket.openTls(tls), 8, { keep: true }),
    new H2Load(kind("h2"), tls, 15, { connections: 2 }),
    new GrpcUnaryLoad(kind("grpc"), grpc, 12),
    new GrpcChatLoad(kind("grpc stream"), kind("grpc message"), chat, 4),
    new SessionLoad(kind("websocket"), kind("websocket message"), web, WEBSOCKET_TALK, { rate: 8, sessions: 6 }),
    new SessionLoad(kind("tcp"), kind("tcp message"), tcp, TCP_TALK, { rate: 8, sessions: 6 }),
    new UdpLoad(kind("udp"), udp, 8, 6),
  ];
}

async function obey(order: LoadOrder): Promise<unknown> {
  switch (order.do) {
    case "start":
      await loop.begin(makeLoads(order.ports));
      return null;
    case "more":
      await loop.more();
      return null;
    case "report":
      return loop.report();
    case "stop":
      return await loop.stop();
  }
}

function say(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

say(await startOrigins(ORIGINS));
const orders = createInterface({ input: process.stdin });
for await (const line of orders) say(await obey(JSON.parse(line) as LoadOrder));
// The test is gone.
process.exit(0);
