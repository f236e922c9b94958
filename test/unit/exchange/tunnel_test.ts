import { describe, expect, test } from "bun:test";
import { get, ok, Site, statuses } from "./site.ts";

const UPGRADE = get("/", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n");
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

async function tunnel(early = "", behind = ""): Promise<{ site: Site; client: Awaited<ReturnType<Site["client"]>> }> {
  const site = await Site.start("", ", timeouts: { tunnelIdle: 5s }");
  const client = await site.client(UPGRADE + early);
  expect(site.origin.take()).toMatch(/\r\nUpgrade: websocket\r\n/i);
  site.origin.send(SWITCH + behind);
  await site.settled();
  expect(statuses(client.take())).toEqual([101]);
  return { site, client };
}

describe("an upgrade", () => {
  test("joins both connections byte for byte", async () => {
    const { site, client } = await tunnel();
    client.send("\x00up\r\n\r\n");
    site.origin.send("\xffdown");
    await site.settled();
    expect(site.origin.take()).toBe("\x00up\r\n\r\n");
    expect(client.take()).toBe("\xffdown");
    expect(site.active).toEqual([1, 1, 0]);
  });

  test("counts as its client's connection until it ends", async () => {
    const site = await Site.start("", ", maxConnections: 1");
    const web = site.server.metrics.listener("web");
    const first = await site.client(UPGRADE);
    site.origin.send(SWITCH);
    await site.settled();
    expect(statuses(first.text)).toEqual([101]);
    expect(web.connectionsActive.value).toBe(1);
    const second = await site.client(get("/own"));
    expect([second.text, second.gone]).toEqual(["", true]);
    first.conn!.end();
    site.origin.conn!.end();
    await site.settled();
    expect(web.connectionsActive.value).toBe(0);
    const third = await site.client(get("/own"));
    expect(statuses(third.text)).toEqual([200]);
  });

  test("has a grace of its own in a drain, longer than that of requests or shorter", async () => {
    for (const [drain, cutFirst] of [
      ["delay: 0s, limit: 1s, tunnels: 5s", "request"],
      ["delay: 0s, limit: 5s, tunnels: 1s", "tunnel"],
    ] as const) {
      const site = await Site.start("", "", "", drain);
      const client = await site.client(UPGRADE);
      site.origin.send(SWITCH);
      await site.settled();
      const waiting = await site.client(get("/"));
      const drained = site.server.drain();
      await site.advance(1500);
      const [first, second] = cutFirst === "request" ? [waiting, client] : [client, waiting];
      expect([first.gone, second.gone]).toEqual([true, false]);
      await site.advance(5000);
      await drained;
      expect(second.gone).toBe(true);
    }
  });

  test("passes what came with the heads", async () => {
    const { site } = await tunnel("early", "");
    expect(site.origin.take()).toBe("early");
    const site2 = await Site.start();
    const client = await site2.client(UPGRADE);
    site2.origin.send(`${SWITCH}at once`);
    await site2.settled();
    expect(client.text).toEndWith("\r\n\r\nat once");
  });

  test("passes a half-close, then the other", async () => {
    const { site, client } = await tunnel();
    client.conn!.end();
    await site.settled();
    expect(site.origin.ended).toBe(true);
    site.origin.send("still here");
    await site.settled();
    expect(client.take()).toBe("still here");
    site.origin.conn!.end();
    await site.settled();
    expect([client.closed, site.origin.closed]).toEqual(["", ""]);
    expect(site.active).toEqual([0, 0, 0]);
  });

  for (const who of ["client", "origin"] as const) {
    test(`passes the reset of the ${who}`, async () => {
      const { site, client } = await tunnel();
      const [one, other] = who === "client" ? [client, site.origin] : [site.origin, client];
      one.conn!.reset();
      await site.settled();
      expect(other.closed).not.toBe("");
      expect(other.closed).not.toBeNull();
      expect(site.active).toEqual([0, 0, 0]);
    });
  }

  test("is closed when nothing moves for its time", async () => {
    const { site, client } = await tunnel();
    await site.advance(4900);
    client.send("x");
    await site.advance(4900);
    expect(client.gone).toBe(false);
    await site.advance(200);
    expect([client.gone, site.origin.gone]).toEqual([true, true]);
    expect(site.active).toEqual([0, 0, 0]);
  });

  test("holds back who writes faster than the other reads", async () => {
    const { site, client } = await tunnel();
    client.conn!.pause();
    const size = 2_000_000;
    site.origin.conn!.write([new Uint8Array(size)]);
    await site.settled();
    expect(site.origin.conn!.queued).toBeGreaterThan(size - 300_000);
    client.keepsText = false;
    const before = client.bytes;
    client.conn!.resume();
    await site.settled();
    expect(client.bytes - before).toBe(size);
  });

  test("that is refused leaves an ordinary exchange, and what came behind it is the next request", async () => {
    const site = await Site.start();
    const client = await site.client(UPGRADE + get("/own"));
    site.origin.send(ok("no"));
    await site.settled();
    expect(statuses(client.text)).toEqual([200, 200]);
    expect(site.active).toEqual([0, 0, 0]);
  });

  test("that the route does not allow is not asked for", async () => {
    const site = await Site.start(", upgrade: []");
    await site.client(UPGRADE);
    expect(site.origin.take()).not.toMatch(/upgrade/i);
  });

  test("answered by 101 for another protocol is 502", async () => {
    const site = await Site.start();
    const client = await site.client(UPGRADE);
    site.origin.send(SWITCH.replace("websocket", "h2c"));
    await site.settled();
    expect(statuses(client.text)).toEqual([502]);
    expect(site.active).toEqual([0, 0, 0]);
  });
});

describe("CONNECT", () => {
  const CONNECT = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n";

  test("is refused unless the route allows it", async () => {
    const site = await Site.start();
    const client = await site.client(CONNECT);
    expect(statuses(client.text)).toEqual([405]);
    expect(site.origins).toHaveLength(0);
  });

  test("becomes a tunnel to the cluster", async () => {
    const site = await Site.start(", connect: true");
    const client = await site.client(`${CONNECT}early`);
    expect(statuses(client.take())).toEqual([200]);
    expect(site.origin.take()).toBe("early");
    site.origin.send("down");
    site.origin.conn!.end();
    await site.settled();
    expect(client.take()).toBe("down");
    expect(client.ended).toBe(true);
    client.conn!.end();
    await site.settled();
    expect(site.active).toEqual([0, 0, 0]);
  });

  test("whose client goes before the connection stands leaves nothing behind", async () => {
    const site = await Site.start(", connect: true");
    const client = await site.client();
    client.send(CONNECT);
    client.conn!.reset();
    await site.settled();
    expect(site.origins.every((o) => o.closed !== null)).toBe(true);
    expect(site.active).toEqual([0, 0, 0]);
  });
});
