import { createServer, type Server, type Socket } from "node:net";
import { UdpOrigin } from "../datagrams.ts";
import { turn } from "../deadline.ts";
import { GrpcService } from "../grpc_service.ts";
import { fieldValue, type Message } from "../message.ts";
import { TextSocket } from "./text_socket.ts";
import { CLOSE, findFrame, frameText } from "./websocket_frames.ts";

/** Ports of all upstreams, by the cluster that they are for. */
export interface Origins {
  readonly app: readonly number[];
  readonly grpc: readonly number[];
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
}

/** A slow reply's head comes so late, in milliseconds, and its second half so long behind. */
const SLOW_MS = 300;
const HALF_MS = 200;

/** Upstreams that answer with what they were asked, and never close a connection by themselves. */
export async function startOrigins(each: number): Promise<Origins> {
  const many = <T>(start: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: each }, start));
  const [app, grpc, tcp, udp] = await Promise.all([
    many(() => listen((s) => void serveHttp(new TextSocket(s, 0)))),
    many(async () => (await GrpcService.start()).port),
    many(() => listen((s) => s.on("error", () => s.destroy()).pipe(s))),
    many(async () => (await UdpOrigin.echo("")).port),
  ]);
  return { app, grpc, tcp, udp };
}

async function listen(accepted: (s: Socket) => void): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true }, accepted);
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, resolve));
  return (server.address() as { port: number }).port;
}

async function serveHttp(s: TextSocket): Promise<void> {
  try {
    for (;;) {
      const m = await s.message({ role: "request" });
      if (fieldValue(m.fields, "upgrade") !== "") {
        await serveWebSocket(s);
        return;
      }
      await answer(s, m);
    }
  } catch {
    s.destroy();
  }
}

async function answer(s: TextSocket, m: Message): Promise<void> {
  const id = fieldValue(m.fields, "x-id");
  const body = replyBody(id, m.body);
  const head = `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\nContent-Length: ${body.length}\r\n\r\n`;
  if (!m.target.startsWith("/slow")) {
    s.write(head + body);
    return;
  }
  await turn(SLOW_MS);
  s.write(head + body.slice(0, 2));
  await turn(HALF_MS);
  s.write(body.slice(2));
}

/** What the reply to a request with this id and this body holds. */
export function replyBody(id: string, body: string): string {
  return `${id}:${body}`;
}

async function serveWebSocket(s: TextSocket): Promise<void> {
  s.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  for (;;) {
    const frame = await s.read("frame", findFrame);
    s.write(frameText(frame, false));
    if (frame.opcode !== CLOSE) continue;
    s.end();
    return;
  }
}
