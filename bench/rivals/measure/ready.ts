import { createSocket } from "node:dgram";
import { connect } from "node:http2";
import type { Child } from "./child.ts";
import type { Scene } from "./scene.ts";

const READY_MS = 60_000;
const CALL_MS = 2_000;
const ECHO_MS = 500;
export const REPLY_BYTES = 130;
export const GRPC_REPLY_BYTES = 105;

/** Waits until the proxy answers as the origin does; throws when it doesn't within a minute. */
export async function answers(child: Child, port: number, scene: Scene): Promise<void> {
  const until = Date.now() + READY_MS;
  let last = "";
  while (Date.now() < until && child.process.exitCode === null) {
    try {
      if (scene.origin === "udp") last = await echoOnce(port);
      else last = scene.origin === "h2c" ? await callOnce(port) : await getOnce(port, scene);
      if (last === "") return;
    } catch (e) {
      last = String(e);
    }
    await Bun.sleep(50);
  }
  throw new Error(`${child.name} did not answer as the origin does: ${last}`);
}

/** What is wrong with the reply; "": nothing. */
async function getOnce(port: number, scene: Scene): Promise<string> {
  const scheme = scene.tls ? "https" : "http";
  const headers = { host: "bench.test", connection: "close" };
  // Of an address no name is sent.
  const host = scene.layer === "sni" ? "localhost" : "127.0.0.1";
  const r = await fetch(`${scheme}://${host}:${port}/`, { headers, tls: { rejectUnauthorized: false } });
  const body = await r.text();
  return r.status === 200 && body.length === REPLY_BYTES ? "" : `status ${r.status} with ${body.length} bytes`;
}

/** One datagram and its echo. */
function echoOnce(port: number): Promise<string> {
  const socket = createSocket("udp4");
  return new Promise<string>((done) => {
    const late = setTimeout(() => done("no echo"), ECHO_MS);
    const end = (what: string): void => {
      clearTimeout(late);
      done(what);
    };
    socket.on("error", (e) => end(String(e)));
    socket.on("message", (b) => end(String(b) === "ready" ? "" : `echo ${b}`));
    socket.send("ready", port, "127.0.0.1");
  }).finally(() => socket.close());
}

/** A unary call: the load tool counts bytes and ends of streams, here the trailers are read as well. */
function callOnce(port: number): Promise<string> {
  return new Promise((done, fail) => {
    const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, servername: "bench.test" });
    const late = setTimeout(() => fail(new Error(`no reply within ${CALL_MS} ms`)), CALL_MS);
    session.on("error", fail);
    session.on("close", () => clearTimeout(late));
    const call = session.request({
      ":method": "POST",
      ":path": "/bench.Echo/Unary",
      ":authority": "bench.test",
      "content-type": "application/grpc",
      te: "trailers",
    });
    let status = 0;
    let grpcStatus: unknown;
    let bytes = 0;
    call.on("response", (head) => {
      status = head[":status"] ?? 0;
    });
    call.on("trailers", (fields) => {
      grpcStatus = fields["grpc-status"];
    });
    call.on("data", (b: Buffer) => {
      bytes += b.length;
    });
    call.on("error", fail);
    call.on("close", () => {
      session.destroy();
      const right = status === 200 && bytes === GRPC_REPLY_BYTES && String(grpcStatus) === "0";
      done(right ? "" : `status ${status}, grpc-status ${grpcStatus}, ${bytes} bytes`);
    });
    call.end(Buffer.concat([Buffer.from([0, 0, 0, 0, 100]), Buffer.alloc(100, "x")]));
  });
}
