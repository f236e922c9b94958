import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { type H2Origin, startH2Origin } from "../support/h2_origin.ts";
import { H2Peer, type H2PeerStream, request } from "../support/h2_peer.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { openClient } from "../support/raw_client.ts";
import { type RawOrigin, startOrigin } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { openTlsSocket } from "../support/tls_client.ts";
import { Pki } from "../support/tls_pki.ts";

setDefaultTimeout(60_000);

const CANCEL = 8;
const PIECE = "0123456789abcdef".repeat(1024);
/** The upstream hears of it in this time, far below every timeout of Weir's. */
const SOON_MS = 5000;

const pki = new Pki();
let h2: H2Origin;
let h1: RawOrigin;
let w: Listeners;

beforeAll(async () => {
  h2 = await startH2Origin({ serve: endless2 });
  h1 = await startOrigin({ serve: (m, conn) => endless1(m.target, conn) });
  w = await startListeners(
    { web: { detect: true, tls: { certificates: [pki.server("a", ["a"])] } } },
    {
      clusters: {
        h2: { endpoints: [`127.0.0.1:${h2.port}`], protocol: "h2c" },
        h1: { endpoints: [`127.0.0.1:${h1.port}`] },
      },
      routes: [{ match: [{ prefix: "/h1" }], to: "h1" }, { to: "h2" }],
    },
  );
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  await h2[Symbol.asyncDispose]();
  await h1.close();
  pki[Symbol.dispose]();
});

/** A body without an end, as the windows allow; `/wait` gets no reply. */
async function endless2(s: H2PeerStream): Promise<void> {
  if (s.field(":path").includes("wait")) return;
  s.sendHead([[":status", "200"]], false);
  while (s.resetCode < 0 && s.peer.ending === "open") await s.send(PIECE);
}

async function endless1(target: string, conn: RawPeer): Promise<void> {
  if (target.includes("wait")) return new Promise(() => {});
  await conn.send("HTTP/1.1 200 X\r\nContent-Length: 99999999999\r\n\r\n");
  while (conn.ending === "open") await conn.send(PIECE);
}

/** Resolves when the upstream has been told that nobody wants the path's reply. */
async function told(to: "h1" | "h2", path: string): Promise<void> {
  if (to === "h1") {
    const conn = h1.connections.find((c) => c.received.includes(` ${path} `))!;
    expect(["end", "reset"]).toContain(await conn.left(SOON_MS));
  } else {
    const s = await h2.stream(path);
    await s.peer.when(`a reset of ${path}`, SOON_MS, () => s.resetCode >= 0);
    expect(s.resetCode).toBe(CANCEL);
  }
}

for (const over of ["cleartext", "TLS"] as const)
  for (const to of ["h2", "h1"] as const)
    describe(`a client over ${over} whose connection is gone is told to an upstream of ${to}`, () => {
      async function open(credits: boolean): Promise<{ conn: H2Peer; below: RawPeer }> {
        const below = await openClient(w.port["web"]!);
        const socket =
          over === "TLS" ? await openTlsSocket(w.port["web"]!, { socket: below.socket, alpn: ["h2"] }) : below.socket;
        return { conn: new H2Peer(socket, "client", { credits }), below };
      }

      for (const how of ["close", "reset"] as const) {
        test(`by ${how}, in the middle of a long reply`, async () => {
          const { conn, below } = await open(true);
          conn.countOnly = true;
          const path = `/${to}/long/${over}/${how}`;
          const s = conn.open(request("GET", "a", path), true);
          await conn.when("a part of the reply", 10_000, () => s.bodyBytes > 1 << 20);
          if (how === "close") below.destroy();
          else below.reset();
          await told(to, path);
        });

        test(`by ${how}, when its window is full`, async () => {
          const { conn, below } = await open(false);
          const path = `/${to}/full/${over}/${how}`;
          const s = conn.open(request("GET", "a", path), true);
          await conn.when("the window to be full", 10_000, () => s.bodyBytes === 65_535);
          if (how === "close") below.destroy();
          else below.reset();
          await told(to, path);
        });

        test(`by ${how}, before a reply`, async () => {
          const { conn, below } = await open(false);
          const path = `/${to}/wait/${over}/${how}`;
          conn.open(request("GET", "a", path), true);
          if (to === "h2") await h2.stream(path);
          else await until("the request", () => h1.connections.some((c) => c.received.includes(` ${path} `)));
          if (how === "close") below.destroy();
          else below.reset();
          await told(to, path);
        });
      }
    });

test("nothing is left of them", async () => {
  for (const cluster of ["h1", "h2"])
    await until(
      `no attempt at ${cluster}`,
      async () => (await w.site.weir.metric("weir_cluster_requests_active", { cluster })) === 0,
    );
  expect(await w.site.weir.metric("weir_listener_requests_active", { listener: "web" })).toBe(0);
  expect(await w.site.weir.metric("weir_callback_throws_total")).toBe(0);
});
