import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../../src/base/bytes.ts";
import { READ_WINDOW } from "../../../src/http/h1/limits.ts";
import { get, Site } from "./site.ts";

const SIZE = 8 * 1024 * 1024;
/** What the two connections in memory and the two codecs may hold between them. */
const BETWEEN = 4 * READ_WINDOW;
const PIECE = new Uint8Array(64 * 1024).fill(0x78);

describe("back pressure", () => {
  for (const framing of ["length", "chunked", "close"] as const) {
    test(`a reply by ${framing} to a client that does not read stays with the upstream, and comes whole when it does`, async () => {
      const site = await Site.start();
      const client = await site.client(get("/"));
      client.keepsText = false;
      client.conn!.pause();
      const { origin } = site;
      const fields =
        framing === "length" ? `Content-Length: ${SIZE}\r\n` : framing === "chunked" ? "Transfer-Encoding: chunked\r\n" : "";
      origin.send(`HTTP/1.1 200 OK\r\n${fields}\r\n`);
      const total = SIZE / PIECE.length;
      for (let i = 0; i < total; i++) {
        const parts = framing === "chunked" ? [encodeLatin1("10000\r\n"), PIECE.slice(), encodeLatin1("\r\n")] : [PIECE.slice()];
        origin.conn!.write(parts);
      }
      if (framing === "chunked") origin.send("0\r\n\r\n");
      if (framing === "close") origin.conn!.end();
      await site.settled();
      const held = SIZE - origin.conn!.queued;
      expect(held).toBeGreaterThan(0);
      expect(held).toBeLessThan(BETWEEN);
      client.conn!.resume();
      await site.settled();
      expect(origin.conn!.queued).toBe(0);
      expect(client.bytes).toBeGreaterThanOrEqual(SIZE);
      expect(site.active).toEqual([0, 0, 0]);
    });
  }

  for (const framing of ["length", "chunked"] as const) {
    test(`a body by ${framing} to an upstream that does not read stays with the client, and comes whole when it does`, async () => {
      const site = await Site.start();
      const client = await site.client();
      client.send(
        `POST / HTTP/1.1\r\nHost: a\r\n${framing === "length" ? `Content-Length: ${SIZE}` : "Transfer-Encoding: chunked"}\r\n\r\n`,
      );
      await site.settled();
      const { origin } = site;
      origin.keepsText = false;
      origin.conn!.pause();
      for (let i = 0; i < SIZE / PIECE.length; i++) {
        client.conn!.write(
          framing === "chunked" ? [encodeLatin1("10000\r\n"), PIECE.slice(), encodeLatin1("\r\n")] : [PIECE.slice()],
        );
      }
      if (framing === "chunked") client.send("0\r\n\r\n");
      await site.settled();
      const held = SIZE - client.conn!.queued;
      expect(held).toBeGreaterThan(0);
      expect(held).toBeLessThan(BETWEEN);
      origin.conn!.resume();
      await site.settled();
      expect(client.conn!.queued).toBe(0);
      expect(origin.bytes).toBeGreaterThanOrEqual(SIZE);
    });
  }

  test("a body that comes before the connection to the upstream stands is held within the window", async () => {
    const site = await Site.start();
    const client = await site.client();
    // In one piece with the head: the dial is answered a turn later.
    client.conn!.write([encodeLatin1(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SIZE}\r\n\r\n`), new Uint8Array(SIZE)]);
    await site.settled();
    expect(site.origin.bytes).toBeGreaterThanOrEqual(SIZE);
  });

  test("pipelined requests of a client that reads no replies wait with the client", async () => {
    const site = await Site.start();
    const client = await site.client();
    client.keepsText = false;
    client.conn!.pause();
    const request = get("/own");
    const total = 20_000;
    client.send(request.repeat(total));
    await site.settled();
    expect(client.conn!.queued).toBeGreaterThan(0);
    client.conn!.resume();
    await site.settled();
    expect(client.conn!.queued).toBe(0);
    expect(client.bytes % total).toBe(0);
    expect(site.active).toEqual([0, 0, 0]);
  });
});
