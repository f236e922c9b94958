// An upstream in a process of its own, so that it can be killed and stopped: `ORDER`, as JSON. It speaks what it is spoken to in, HTTP/1.1 or HTTP/2.
import { openSync, readFileSync, writeSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { turn } from "../deadline.ts";
import { H2Peer, type H2PeerStream } from "../h2_peer.ts";
import { replyBody } from "../load/origins.ts";
import { TextSocket } from "../load/text_socket.ts";
import { fieldValue } from "../message.ts";
import { CHECK_PATH, type UpstreamMode, type UpstreamOrder } from "./upstream_order.ts";

/** Long enough that some requests are always being worked on. */
const WORK_MS = 40;
const SLOW_MS = 10_000;
/** So that what was written has gone on to the client before the reset is seen. */
const CUT_MS = 20;
const HEAD_END = "\r\n\r\n";
const INTERNAL_ERROR = 2;
/** Of "PRI * HTTP/2.0"; no method that is sent here has it. */
const SECOND_OF_PREFACE = 0x52;

const order = JSON.parse(process.argv[2]!) as UpstreamOrder;
// Opened for appending, so that lines of several processes don't mix, and what is written outlives a kill.
const journal = openSync(order.journalPath, "a");

createServer({ allowHalfOpen: true, noDelay: true }, (s) => {
  s.on("error", () => s.destroy());
  s.once("data", (b: Buffer) => {
    const isH2 = b[1] === SECOND_OF_PREFACE;
    if (isH2) new H2Peer(s, "server", { serve: answerStream });
    else void serveAll(s);
    s.emit("data", isH2 ? b : b.toString("latin1"));
  });
}).listen({ port: order.port, host: order.host, backlog: 1024 }, () => process.stdout.write("listening\n"));

async function serveAll(socket: Socket): Promise<void> {
  const s = new TextSocket(socket, order.port);
  try {
    for (;;) {
      // From its head on a request may be worked on.
      const head = await s.read("head", (text) => {
        const end = text.indexOf(HEAD_END);
        return end < 0 ? null : { value: text.slice(0, end + HEAD_END.length), length: 0 };
      });
      note(/^x-id: (.*)\r$/im.exec(head)?.[1] ?? "", head.slice(0, head.indexOf(" ")));
      const { target, fields, body } = await s.message({ role: "request" });
      await answer(s, target, fieldValue(fields, "x-id"), body);
    }
  } catch {
    s.destroy();
  }
}

async function answer(s: TextSocket, target: string, id: string, body: string): Promise<void> {
  const mode = modeNow();
  const check = target === CHECK_PATH;
  const full = replyBody(id, body);
  const head = (status: number): string =>
    `HTTP/1.1 ${status} X\r\nX-Id: ${id}\r\nX-Host: ${order.name}\r\nContent-Length: ${full.length}\r\n\r\n`;
  if (mode === "silent") return;
  if (mode === "drop") {
    s.socket.resetAndDestroy();
    return;
  }
  if (mode === "nonsense") {
    s.write("220 this is not the service that you look for\r\n");
    return;
  }
  if (!check) await turn(workMs(mode));
  if (mode !== "cut") {
    s.write(head(statusIn(mode, check)) + full);
    return;
  }
  s.write(head(200) + full.slice(0, 1));
  await turn(CUT_MS);
  s.socket.resetAndDestroy();
}

async function answerStream(s: H2PeerStream): Promise<void> {
  const mode = modeNow();
  const id = s.field("x-id");
  const check = s.field(":path") === CHECK_PATH;
  note(id, s.field(":method"));
  await s.peer.when("a whole request", SLOW_MS, () => s.ended || s.resetCode >= 0 || s.peer.ending !== "open");
  if (mode === "silent") return;
  if (mode === "drop") {
    s.reset(INTERNAL_ERROR);
    return;
  }
  if (mode === "nonsense") {
    await s.peer.write(Buffer.from("220 this is not the service that you look for\r\n"));
    return;
  }
  if (!check) await turn(workMs(mode));
  const full = replyBody(id, s.body);
  const { socket } = s.peer;
  // In one write: a process that is killed between two would leave a reply that has begun, which nobody can ask for again.
  socket.cork();
  setImmediate(() => socket.uncork());
  s.sendHead(
    [
      [":status", String(statusIn(mode, check))],
      ["x-id", id],
      ["x-host", order.name],
    ],
    false,
  );
  if (mode !== "cut") {
    await s.send(full, true);
    return;
  }
  await s.send(full.slice(0, 1));
  await turn(CUT_MS);
  s.reset(INTERNAL_ERROR);
}

function workMs(mode: UpstreamMode): number {
  return mode === "slow" ? SLOW_MS : mode === "lame" ? 10 * WORK_MS : WORK_MS;
}

function statusIn(mode: UpstreamMode, check: boolean): number {
  if (check) return mode === "ill" ? 503 : 200;
  return mode === "busy" ? 503 : mode === "failing" ? 500 : 200;
}

function modeNow(): UpstreamMode {
  return readFileSync(order.modePath, "utf8") as UpstreamMode;
}

function note(id: string, method: string): void {
  if (id !== "") writeSync(journal, `${id}\t${method}\t${order.name}\n`);
}
