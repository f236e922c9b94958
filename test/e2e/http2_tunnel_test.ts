import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { until } from "../support/deadline.ts";
import { type H2Peer, type H2PeerStream, SETTING } from "../support/h2_peer.ts";
import type { Pairs } from "../support/hpack_reader.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { fieldValue, hasField, type Message } from "../support/message.ts";
import { reply } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { openH2, openTls } from "../support/tls_client.ts";
import { Pki } from "../support/tls_pki.ts";

setDefaultTimeout(30_000);

const CANCEL = 8;
const pki = new Pki();
let w: Listeners;

/** Switches, and then says back what it hears, each piece in brackets; its end follows the client's. */
async function serve(request: Message, conn: RawPeer): Promise<void> {
  if (request.target === "/refuses") return conn.send(reply(403, "no"));
  const key = fieldValue(request.fields, "sec-websocket-key");
  if (key === "") return conn.send(reply(200, "plain"));
  const said = request.target === "/lies" ? "x" : key;
  const accept = createHash("sha1").update(`${said}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const early = request.target === "/early" ? "early" : "";
  await conn.send(
    `HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\n${early}`,
  );
  if (request.target === "/scripted") return new Promise(() => {});
  for (;;) {
    await conn.when("bytes or an end", 60_000, () => conn.unread.length > 0 || conn.ending !== "open");
    if (conn.unread.length === 0) return conn.end();
    await conn.send(`[${await conn.readUntil(conn.unread)}]`);
  }
}

beforeAll(async () => {
  const tls = { certificates: [pki.server("a", ["a"])] };
  w = await startListeners({ web: { tls }, idle: { tls, timeouts: { tunnelIdle: "500ms" } } }, { origin: { serve } });
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});

/** Extended CONNECT (RFC 8441 4). */
function connectTo(path: string, ...more: Pairs): Pairs {
  return [
    [":method", "CONNECT"],
    [":protocol", "websocket"],
    [":scheme", "https"],
    [":authority", "a"],
    [":path", path],
    ["sec-websocket-version", "13"],
    ["sec-websocket-protocol", "chat"],
    ...more,
  ];
}

async function openSocket(conn: H2Peer, path: string): Promise<H2PeerStream> {
  const s = conn.open(connectTo(path), false);
  await s.headed();
  expect(s.status).toBe(200);
  return s;
}

function heard(s: H2PeerStream, text: string): Promise<void> {
  return s.peer.when(JSON.stringify(text), 5000, () => s.body.includes(text));
}

describe("WebSocket over HTTP/2 (RFC 8441) to an upstream of HTTP/1.1", () => {
  test("is announced, echoes both ways, and the upstream gets an ordinary upgrade", async () => {
    using conn = await openH2(w.port["web"]!, {});
    const s = await openSocket(conn, "/chat?room=1");
    expect(conn.settings.get(SETTING.connectProtocol)).toBe(1);
    expect(s.field("sec-websocket-protocol")).toBe("chat");
    for (const name of ["sec-websocket-accept", "upgrade", "connection", "transfer-encoding"]) expect(s.field(name)).toBe("");
    const seen = w.site.origin.requests.at(-1)!;
    expect([seen.method, seen.target, fieldValue(seen.fields, "host")]).toEqual(["GET", "/chat?room=1", "a"]);
    expect(fieldValue(seen.fields, "upgrade").toLowerCase()).toBe("websocket");
    expect(Buffer.from(fieldValue(seen.fields, "sec-websocket-key"), "base64").length).toBe(16);
    await s.send("\x81\x05hello");
    await heard(s, "[\x81\x05hello]");
    // Other streams go on beside it.
    expect((await conn.get("a", "/plain").done()).body).toBe("plain");
    await s.send("again");
    await heard(s, "[again]");
  });

  test("half-close passes, and the other side's end", async () => {
    using conn = await openH2(w.port["web"]!, {});
    const s = await openSocket(conn, "/chat");
    await s.send("last", true);
    await s.done();
    expect([s.body, s.ended, s.resetCode]).toEqual(["[last]", true, -1]);
    await until("the tunnel to be over", async () => (await w.site.weir.metric("weir_listener_tunnels_active")) === 0);
  });

  test("what the upstream says at once is not lost; 1 MiB each way passes whole", async () => {
    using conn = await openH2(w.port["web"]!, {});
    const early = await openSocket(conn, "/early");
    await heard(early, "early");
    const s = await openSocket(conn, "/chat");
    await s.send("x".repeat(1 << 20), true);
    await s.done(20_000);
    expect(s.body.replaceAll(/[[\]]/g, "").length).toBe(1 << 20);
  });

  test("an upstream that does not switch answers the stream; one whose answer is wrong is 502", async () => {
    using conn = await openH2(w.port["web"]!, {});
    const refused = conn.open(connectTo("/refuses"), false);
    await refused.headed();
    expect(refused.status).toBe(403);
    const lied = conn.open(connectTo("/lies"), false);
    await lied.headed();
    expect(lied.status).toBe(502);
    expect((await conn.get("a", "/plain").done()).status).toBe(200);
  });

  test("a reset passes each way and leaves the connection", async () => {
    using conn = await openH2(w.port["web"]!, {});
    const s = await openSocket(conn, "/scripted");
    const there = w.site.origin.connections.at(-1)!;
    s.reset(CANCEL);
    expect(["end", "reset"]).toContain(await there.left());
    const other = await openSocket(conn, "/scripted");
    w.site.origin.connections.at(-1)!.reset();
    await other.done();
    expect(other.ended).toBe(false);
    // RFC 8441 5.
    expect(other.resetCode).toBe(CANCEL);
    expect((await conn.get("a", "/plain").done()).status).toBe(200);
  });

  test("an idle one is ended after its time, its connection is not", async () => {
    using conn = await openH2(w.port["idle"]!, {});
    const s = await openSocket(conn, "/chat");
    await s.done(8000);
    expect(s.ended || s.resetCode >= 0).toBe(true);
    expect((await conn.get("a", "/plain").done()).status).toBe(200);
  });

  test("an unknown :protocol, and one in an ordinary request, reach no upstream", async () => {
    using conn = await openH2(w.port["web"]!, {});
    const before = w.site.origin.requests.length;
    const other = conn.open(
      connectTo("/x").map(([n, v]) => [n, n === ":protocol" ? "quic" : v] as const),
      false,
    );
    await conn.when("an answer", 5000, () => other.status > 0 || other.resetCode >= 0);
    expect(other.status === 0 || other.status >= 400).toBe(true);
    const odd = conn.request([
      [":method", "GET"],
      [":protocol", "websocket"],
      [":scheme", "https"],
      [":authority", "a"],
      [":path", "/"],
    ]);
    await conn.when("an answer", 5000, () => odd.status > 0 || odd.resetCode >= 0 || conn.ending !== "open");
    expect(odd.status === 0 || odd.status >= 400).toBe(true);
    expect(w.site.origin.requests.length).toBe(before);
  });
});

describe("WebSocket over TLS and HTTP/1.1", () => {
  const upgrade =
    "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

  test("switches, echoes, and ends with its client", async () => {
    using client = await openTls(w.port["web"]!, {});
    await client.send(`GET /chat HTTP/1.1\r\n${upgrade}at once`);
    const got = await client.response();
    expect(got.status).toBe(101);
    expect(fieldValue(got.fields, "sec-websocket-accept")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    expect(hasField(got.fields, "content-length")).toBe(false);
    expect(await client.readUntil("]")).toBe("[at once]");
    await client.send("more");
    expect(await client.readUntil("]")).toBe("[more]");
    client.end();
    expect(await client.left()).toBe("end");
  });

  test("ends after its idle time", async () => {
    using client = await openTls(w.port["idle"]!, {});
    await client.send(`GET /chat HTTP/1.1\r\n${upgrade}`);
    expect((await client.response()).status).toBe(101);
    await client.left(8000);
  });
});
