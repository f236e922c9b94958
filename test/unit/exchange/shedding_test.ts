import { describe, expect, test } from "bun:test";
import { ServedSite, statuses } from "./served_site.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

function start(): Promise<ServedSite> {
  return ServedSite.start(async () => new Response("ok"));
}

describe("under pressure", () => {
  test("nothing is given up at step 0", async () => {
    const site = await start();
    const client = await site.client(GET + GET);
    expect(statuses(client.text)).toEqual([200, 200]);
    expect(client.text).not.toContain("Connection: close");
    expect(site.shedding.counted).toEqual([]);
  });

  test("replies close their connections at step 1", async () => {
    const site = await start();
    site.shedding.step = 1;
    const client = await site.client(GET + GET);
    expect(statuses(client.text)).toEqual([200]);
    expect(client.text).toContain("Connection: close");
    expect(site.shedding.counted).toEqual([1]);
    expect(site.active).toEqual([0, 0]);
  });

  test("requests are refused at step 2, with a body or without, and their connections close", async () => {
    for (const request of [GET, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"]) {
      const site = await start();
      site.shedding.step = 2;
      const client = await site.client(request);
      expect(statuses(client.text)).toEqual([503]);
      expect(client.text).toContain("Connection: close");
      expect(client.text).toContain("Retry-After: 1");
      expect(site.shedding.counted).toEqual([1, 2]);
      expect(site.active).toEqual([0, 0]);
    }
  });

  test("a connection that waited through it goes on", async () => {
    const site = await start();
    const client = await site.client(GET);
    site.shedding.step = 2;
    site.shedding.step = 0;
    client.send(GET);
    await site.settled();
    expect(statuses(client.text)).toEqual([200, 200]);
  });
});
