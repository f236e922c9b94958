import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { residentBytes } from "../support/process_tree.ts";
import { openClient } from "../support/raw_client.ts";
import { reply } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(120_000);

const HOST = "Host: test.example\r\n";
const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const ROOM = 64 * MIB;
const BLOCK = Buffer.alloc(256 * 1024, "x");

/** Sends `bytes` as fast as the other end takes them. */
async function pour(peer: RawPeer, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= BLOCK.length) {
    if (peer.socket.destroyed) return;
    if (!peer.socket.write(left >= BLOCK.length ? BLOCK : BLOCK.subarray(0, left))) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          peer.socket.off("drain", go).off("close", go);
          resolve();
        };
        peer.socket.on("drain", go).on("close", go);
      });
    }
  }
}

/** Waits until the sender is held up: what it has written stands still over a number of looks. */
async function stalled(sender: RawPeer): Promise<void> {
  let before = -1;
  let still = 0;
  await until(
    "the sender to be held up",
    () => {
      const now = sender.socket.bytesWritten - sender.socket.writableLength;
      still = now === before && now > 0 ? still + 1 : 0;
      before = now;
      return still > 60;
    },
    20_000,
  );
}

/** Serves some requests first, so that what a runtime allocates once is not counted as growth. */
async function warm(site: Site): Promise<number> {
  using client = await openClient(site.port);
  for (let i = 0; i < 200; i++) {
    await client.send(`POST /warm HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`);
    await client.response("POST");
  }
  return residentBytes(site.weir.pid);
}

/** The largest growth of memory while `work` runs. */
async function growthDuring(site: Site, before: number, work: Promise<void>): Promise<number> {
  let most = 0;
  let done = false;
  const ended = work.finally(() => {
    done = true;
  });
  await until(
    "the body to be through",
    () => {
      most = Math.max(most, residentBytes(site.weir.pid) - before);
      return done;
    },
    100_000,
  );
  await ended;
  return most;
}

describe("bodies stream with back pressure", () => {
  test("1 GiB down through a reader that stops and goes on", async () => {
    await using site = await startSite({
      origin: {
        async serve(request, conn) {
          if (request.target !== "/big") return conn.send(reply(200, "ok"));
          await conn.send(`HTTP/1.1 200 OK\r\nContent-Length: ${GIB}\r\n\r\n`);
          return pour(conn, GIB);
        },
      },
    });
    const before = await warm(site);
    using client = await openClient(site.port);
    await client.send(`GET /big HTTP/1.1\r\n${HOST}\r\n`);
    const head = await client.readUntil("\r\n\r\n");
    expect(head).toContain(`Content-Length: ${GIB}`);
    client.countOnly = true;
    const at = client.receivedBytes - client.unread.length;
    const growth = await growthDuring(
      site,
      before,
      (async () => {
        for (let pauses = 1; pauses <= 2; pauses++) {
          await client.when("some of the body", 30_000, () => client.receivedBytes > (pauses * GIB) / 4);
          client.socket.pause();
          await stalled(site.origin.connections.at(-1)!);
          client.socket.resume();
        }
        await client.when("the whole body", 90_000, () => client.receivedBytes - at === GIB);
      })(),
    );
    expect(growth).toBeLessThan(ROOM);
    expect((await site.logged("/big"))["response_body_bytes"]).toBe(GIB);
  });

  test("1 GiB up to an origin that stops and goes on", async () => {
    await using site = await startSite({
      origin: {
        open(conn) {
          void (async () => {
            for (;;) {
              const head = await conn.readUntil("\r\n\r\n", 100_000);
              if (!head.startsWith("POST /big ")) {
                await conn.readUntil("hello");
                await conn.send(reply(200, "ok"));
                continue;
              }
              const from = conn.receivedBytes - conn.unread.length;
              conn.countOnly = true;
              for (let pauses = 1; pauses <= 2; pauses++) {
                await conn.when("some of the body", 30_000, () => conn.receivedBytes > (pauses * GIB) / 4);
                conn.socket.pause();
                await stalled(uploader!);
                conn.socket.resume();
              }
              await conn.when("the whole body", 90_000, () => conn.receivedBytes - from === GIB);
              await conn.send(reply(200, "taken"));
              return;
            }
          })().catch(() => conn.destroy());
        },
      },
    });
    let uploader: RawPeer | null = null;
    const before = await warm(site);
    using client = await openClient(site.port);
    uploader = client;
    await client.send(`POST /big HTTP/1.1\r\n${HOST}Content-Length: ${GIB}\r\n\r\n`);
    const growth = await growthDuring(
      site,
      before,
      (async () => {
        await pour(client, GIB);
        expect((await client.response("POST", 90_000)).body).toBe("taken");
      })(),
    );
    expect(growth).toBeLessThan(ROOM);
    expect((await site.logged("/big"))["request_body_bytes"]).toBe(GIB);
  });

  test("a chunked body of 64 MiB comes through byte for byte", async () => {
    const block = Buffer.alloc(65_521);
    for (let i = 0; i < block.length; i++) block[i] = (i * 31) & 0xff;
    const blocks = 1024;
    await using site = await startSite({
      origin: {
        async serve(_request, conn) {
          await conn.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          for (let i = 0; i < blocks; i++) {
            await conn.send(`${block.length.toString(16)}\r\n`);
            await conn.send(block);
            await conn.send("\r\n");
          }
          await conn.send("0\r\n\r\n");
        },
      },
    });
    const got = await (await fetch(`http://127.0.0.1:${site.port}/sum`)).arrayBuffer();
    const wanted = new Bun.CryptoHasher("sha256");
    for (let i = 0; i < blocks; i++) wanted.update(block);
    expect(got.byteLength).toBe(block.length * blocks);
    expect(new Bun.CryptoHasher("sha256").update(got).digest("hex")).toBe(wanted.digest("hex"));
  });
});

describe("what is given up is released", () => {
  test("a client that leaves in the middle of a download ends the upstream's side", async () => {
    await using site = await startSite({
      origin: {
        async serve(_request, conn) {
          await conn.send(`HTTP/1.1 200 OK\r\nContent-Length: ${GIB}\r\n\r\n`);
          return pour(conn, GIB);
        },
      },
    });
    for (const leave of ["reset", "destroy"] as const) {
      const client = await openClient(site.port);
      await client.send(`GET /${leave} HTTP/1.1\r\n${HOST}\r\n`);
      await client.readUntil("\r\n\r\n");
      client[leave]();
      await until("the upstream connection to end", () => site.origin.open === 0);
      expect((await site.logged(`/${leave}`))["flags"]).toMatch(/^D[CR]$/);
    }
    await nothingActive(site);
  });

  test("a client that leaves in the middle of an upload ends the upstream's side", async () => {
    await using site = await startSite({ origin: {} });
    const client = await openClient(site.port);
    await client.send(`POST /up HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\npart`);
    const conn = await site.origin.connection();
    await conn.readUntil("part");
    client.reset();
    await conn.left();
    await nothingActive(site);
  });

  test("an upstream that leaves in the middle of a reply cuts the client's", async () => {
    await using site = await startSite({ origin: {} });
    using client = await openClient(site.port);
    await client.send(`GET /cut HTTP/1.1\r\n${HOST}\r\n`);
    const conn = await site.origin.connection();
    await conn.request();
    await conn.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart");
    await client.readUntil("part");
    conn.reset();
    await client.left();
    expect(client.unread).toBe("");
    expect((await site.logged("/cut"))["flags"]).toMatch(/^U[CR]$/);
    await nothingActive(site);
  });
});

/** The gauges of what is in hand are back at nothing. */
async function nothingActive(site: Site): Promise<void> {
  await until(
    "no request to be active",
    async () => (await site.weir.metric("weir_listener_requests_active", { listener: "web" })) === 0,
  );
  await until(
    "no connection to be active",
    async () => (await site.weir.metric("weir_listener_connections_active", { listener: "web" })) === 0,
  );
}
