import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { turn, until, within } from "../support/deadline.ts";
import { type H2Origin, startH2Origin } from "../support/h2_origin.ts";
import { type H2Peer, type H2PeerStream, request } from "../support/h2_peer.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { residentBytes } from "../support/process_tree.ts";
import { type RawOrigin, startOrigin } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { openH2 } from "../support/tls_client.ts";
import { Pki } from "../support/tls_pki.ts";
import * as wire from "../unit/http/h2/wire.ts";

setDefaultTimeout(120_000);

const MIB = 1024 * 1024;
const ROOM = 64 * MIB;
const LARGE = 256 * MIB;
/** The other pairs of versions, unless there is time. */
const SMALLER = process.env["WEIR_LONG"] === undefined ? 64 * MIB : LARGE;
const PIECE = new Uint8Array(MIB).fill(0x78);
/** What a slow reader takes at a time, with a pause behind it. */
const SIP = 2 * MIB;
const OK = [[":status", "200"]] as const;

const pki = new Pki();
let h1: RawOrigin;
let h2: H2Origin;
let w: Listeners;

beforeAll(async () => {
  h1 = await startOrigin({ open: (conn) => void serve1(conn).catch(() => conn.destroy()) });
  h2 = await startH2Origin({ serve: serve2, credits: false, connectionRoom: SIP });
  const clusters = { h1: { endpoints: [`127.0.0.1:${h1.port}`] }, h2: { endpoints: [`127.0.0.1:${h2.port}`], protocol: "h2c" } };
  const routes = [{ match: [{ prefix: "/h1" }], to: "h1" }, { to: "h2" }];
  w = await startListeners({ web: { tls: { certificates: [pki.server("a", ["a"])] } } }, { clusters, routes });
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  await h1.close();
  await h2[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});

/** `/h1/down/BYTES`, or takes an upload in sips and says how much came. */
async function serve1(conn: RawPeer): Promise<void> {
  for (;;) {
    await conn.when("a head", 120_000, () => conn.unread.includes("\r\n\r\n") || conn.ending !== "open");
    if (conn.ending !== "open") return conn.destroy();
    const head = await conn.readUntil("\r\n\r\n");
    const down = /^GET \/h1\/down\/(\d+)/.exec(head);
    if (down !== null) {
      const bytes = Number(down[1]);
      await conn.send(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`);
      for (let sent = 0; sent < bytes; sent += PIECE.length)
        await poured(conn, PIECE.subarray(0, Math.min(PIECE.length, bytes - sent)));
      continue;
    }
    const bytes = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? "0");
    if (head.includes("/stall")) return;
    conn.countOnly = true;
    const from = conn.receivedBytes - conn.unread.length;
    let taken = 0;
    while (conn.receivedBytes - from < bytes) {
      await conn.when("more", 60_000, () => conn.receivedBytes - from - taken >= SIP || conn.receivedBytes - from >= bytes);
      taken = conn.receivedBytes - from;
      conn.socket.pause();
      await turn(2);
      conn.socket.resume();
    }
    conn.countOnly = false;
    await conn.send(`HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n${String(bytes).padStart(9)}`);
    return;
  }
}

function poured(conn: RawPeer, b: Uint8Array): Promise<void> {
  return new Promise((resolve) => (conn.socket.destroyed ? resolve() : conn.socket.write(b, () => resolve())));
}

/** The same over HTTP/2. */
async function serve2(s: H2PeerStream): Promise<void> {
  const down = /\/down\/(\d+)/.exec(s.field(":path"));
  if (down !== null) {
    const bytes = Number(down[1]);
    s.sendHead([...OK, ["content-length", String(bytes)]], false);
    for (let sent = 0; sent < bytes; sent += PIECE.length) {
      const n = Math.min(PIECE.length, bytes - sent);
      await s.send(PIECE.subarray(0, n), sent + n === bytes);
    }
    return;
  }
  if (s.field(":path").includes("stall")) return;
  s.peer.countOnly = true;
  await sip(s);
  s.sendHead(OK, false);
  await s.send(String(s.bodyBytes).padStart(9), true);
}

/** Takes a body in sips: no more room before the last has come and a pause has passed. */
async function sip(s: H2PeerStream): Promise<void> {
  let given = 65_535;
  while (!s.ended) {
    await s.peer.when("a sip or the end", 60_000, () => s.bodyBytes >= given - 32_768 || s.ended || s.resetCode >= 0);
    if (s.ended || s.resetCode >= 0) return;
    await turn(2);
    given += SIP;
    s.peer.write(wire.join(wire.windowUpdate(0, SIP), wire.windowUpdate(s.id, SIP)));
  }
}

/** Runs `f` and gives by how much the resident memory grew over where it was. */
async function growth(f: () => Promise<void>): Promise<number> {
  const { pid } = w.site.weir;
  const before = residentBytes(pid);
  let most = before;
  let going = true;
  const watch = (async () => {
    while (going) {
      most = Math.max(most, residentBytes(pid));
      await turn(20);
    }
  })();
  await f();
  going = false;
  await watch;
  return most - before;
}

function slowClient(): Promise<H2Peer> {
  return openH2(w.port["web"]!, { credits: false });
}

describe("a slow reader holds one window and no more", () => {
  beforeAll(async () => {
    // What a runtime takes once for its buffers is where it was.
    for (const to of ["h1", "h2"]) {
      await down(to, 16 * MIB);
      await up(to, 16 * MIB);
    }
  });

  async function down(to: string, bytes: number): Promise<void> {
    using conn = await slowClient();
    conn.countOnly = true;
    const s = conn.get("a", `/${to}/down/${bytes}`);
    await sip(s);
    expect([s.status, s.bodyBytes, s.ended]).toEqual([200, bytes, true]);
  }

  async function up(to: string, bytes: number): Promise<void> {
    using conn = await openH2(w.port["web"]!, {});
    const s = conn.open(request("POST", "a", `/${to}/up`, ["content-length", String(bytes)]), false);
    for (let sent = 0; sent < bytes; sent += PIECE.length) await s.send(PIECE, sent + PIECE.length === bytes);
    await s.done(60_000);
    expect([s.status, Number(s.body)]).toEqual([200, bytes]);
  }

  for (const [way, to, of] of [
    ["down from", "h1", LARGE],
    ["up to", "h2", LARGE],
    ["down from", "h2", SMALLER],
    ["up to", "h1", SMALLER],
  ] as const)
    test(`${of / MIB} MiB ${way} ${to}`, async () => {
      expect(await growth(() => (way === "up to" ? up : down)(to, of))).toBeLessThan(ROOM);
    });
});

describe("a stalled stream does not stall its neighbours", () => {
  for (const to of ["h1", "h2"])
    test(`downloads from ${to}: none of its bytes are taken, the others come whole`, async () => {
      using conn = await openH2(w.port["web"]!, { credits: false, connectionRoom: 64 * MIB });
      conn.countOnly = true;
      const stalled = conn.get("a", `/${to}/down/${8 * MIB}`);
      await conn.when("the first of it", 5000, () => stalled.bodyBytes > 0);
      const others = Array.from({ length: 20 }, () => conn.get("a", `/${to}/down/50000`));
      for (const s of others) expect((await s.done(10_000)).bodyBytes).toBe(50_000);
      expect(stalled.ended).toBe(false);
      expect(stalled.bodyBytes).toBeLessThanOrEqual(65_535);
      await sip(stalled);
      expect(stalled.bodyBytes).toBe(8 * MIB);
    });

  test("uploads: an upstream that does not read holds its stream, not the connection", async () => {
    using conn = await openH2(w.port["web"]!, {});
    const stalled = conn.open(request("POST", "a", "/h2/stall"), false);
    void stalled.send(new Uint8Array(8 * MIB), true);
    await h2.stream("/h2/stall");
    await until("the stalled one to be out of room", () => stalled.room < 16_384);
    for (let i = 0; i < 5; i++) {
      const s = conn.open(request("POST", "a", "/h1/up", ["content-length", String(4 * MIB)]), false);
      await within("an upload beside it", 20_000, s.send(new Uint8Array(4 * MIB), true));
      expect(Number((await s.done(20_000)).body)).toBe(4 * MIB);
    }
    stalled.reset(8);
  });
});
