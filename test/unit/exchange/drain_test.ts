import { expect, test } from "bun:test";
import { get, ok, Site, statuses } from "./site.ts";

test("a drain closes idle connections, lets requests end, and tells their clients", async () => {
  const site = await Site.start();
  const idle = await site.client(get("/own"));
  const silent = await site.client();
  const late = await site.client();
  const waiting = await site.client(get("/"));
  const streaming = await site.client(get("/stream"));
  site.origin.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha");
  await site.settled();
  const announced = await site.client();
  const stopped = site.server.drain();
  await site.advance(1000);
  // Within the delay everyone is served still, for the last time.
  expect([idle, silent, waiting, streaming, announced].some((c) => c.gone)).toBe(false);
  announced.send(get("/own"));
  await site.settled();
  expect(announced.text).toContain("Connection: close\r\n");
  expect(announced.gone).toBe(true);
  await site.advance(1100);
  // Nobody new gets in, and who has just connected has a moment to ask.
  expect([idle.gone, silent.gone]).toEqual([false, false]);
  late.send(get("/own"));
  await site.settled();
  expect(late.text).toContain("Connection: close\r\n");
  await site.advance(600);
  expect([idle.gone, silent.gone, waiting.gone, streaming.gone]).toEqual([true, true, false, false]);
  site.origins[0]!.send(ok("late"));
  site.origins[1]!.send("lf");
  await site.settled();
  expect(waiting.text).toContain("Connection: close\r\n");
  expect(waiting.text).toEndWith("late");
  expect(streaming.text).toEndWith("half");
  expect([waiting.gone, streaming.gone]).toEqual([true, true]);
  expect(statuses(idle.text + waiting.text + streaming.text)).toEqual([200, 200, 200]);
  for (const c of [idle, silent, waiting, streaming, announced, late]) c.conn!.end();
  await site.settled();
  await stopped;
  expect(site.active).toEqual([0, 0, 0]);
});
