// The load's own process: its clients and upstreams, so that they never wait for a test. Reads orders and writes answers, a line of JSON each.
import { createInterface } from "node:readline";
import { until } from "../deadline.ts";
import { GrpcChatLoad, GrpcUnaryLoad } from "./grpc_load.ts";
import { H1Load } from "./h1_load.ts";
import { H2Load } from "./h2_load.ts";
import { Ledger } from "./ledger.ts";
import { ANSWER_MS, type Load } from "./load.ts";
import type { LoadOrder, LoadPorts } from "./load_process.ts";
import { startOrigins } from "./origins.ts";
import { SessionLoad } from "./session_load.ts";
import { TCP_TALK, WEBSOCKET_TALK } from "./session_talks.ts";
import { TextSocket } from "./text_socket.ts";
import { UdpLoad } from "./udp_load.ts";

const ORIGINS = 4;

const ledger = new Ledger();
let loads: readonly Load[] = [];
const timers: ReturnType<typeof setInterval>[] = [];

/** A kind of traffic is a line here. */
function makeLoads({ web, tls, grpc, chat, tcp, udp }: LoadPorts): readonly Load[] {
  const kind = (name: string) => ledger.kind(name);
  return [
    new H1Load(kind("h1 kept"), () => TextSocket.open(web), 20, true),
    new H1Load(kind("h1 new"), () => TextSocket.open(web), 12, false),
    new H1Load(kind("h1 over TLS"), () => TextSocket.openTls(tls), 8, true),
    new H2Load(kind("h2"), tls, 15, 2),
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
      loads = makeLoads(order.ports);
      for (const l of loads) await l.begin?.();
      for (const l of loads) timers.push(setInterval(() => l.next(), 1000 / l.rate));
      return null;
    case "more":
      for (const l of loads) await l.more?.();
      return null;
    case "report":
      return ledger.report();
    case "stop":
      for (const t of timers) clearInterval(t);
      // Sessions themselves are on their way until they are ended.
      await until("answers to what is on its way", () => requestsWaiting() === 0, ANSWER_MS * 2);
      for (const l of loads) await l.end();
      await until("the end of all sessions", () => ledger.waiting === 0, ANSWER_MS * 2);
      return ledger.report();
  }
}

const SESSIONS: readonly string[] = ["grpc stream", "websocket", "tcp"];

function requestsWaiting(): number {
  let n = 0;
  for (const [name, k] of Object.entries(ledger.report().kinds))
    if (!SESSIONS.includes(name)) n += k.sent - k.answered - k.failed;
  return n;
}

function say(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

say(await startOrigins(ORIGINS));
const orders = createInterface({ input: process.stdin });
for await (const line of orders) say(await obey(JSON.parse(line) as LoadOrder));
// The test is gone.
process.exit(0);
