import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { get, openClient } from "../support/raw_client.ts";
import { reply } from "../support/raw_origin.ts";
import { startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

describe("fault", () => {
  test("holds requests back, and the log says so", async () => {
    await using site = await startSite({ route: { filters: [{ fault: { delay: { for: "400ms" } } }] } });
    expect((await get(site.port, "/slow")).status).toBe(200);
    const line = await site.logged("/slow");
    expect(line["flags"]).toBe("DI");
    expect(line["duration_ms"]).toBeGreaterThanOrEqual(400);
  });

  test("aborts with a status those that have the field, and no others", async () => {
    await using site = await startSite({
      route: { filters: [{ fault: { abort: { status: 418 }, headers: { "x-test": "yes" } } }] },
    });
    expect((await get(site.port, "/no")).status).toBe(200);
    expect((await get(site.port, "/yes", "a", "X-Test: yes")).status).toBe(418);
    expect((await site.logged("/yes"))["flags"]).toBe("FI");
    expect(site.origin.requests.length).toBe(1);
    expect(await site.weir.metric("weir_listener_faults_total", { code: "faultInjected" })).toBe(1);
  });

  test("aborts a share of them", async () => {
    await using site = await startSite({ route: { filters: [{ fault: { abort: { status: 500, share: "50%" } } }] } });
    using client = await openClient(site.port);
    let aborted = 0;
    const n = 400;
    for (let i = 0; i < n; i++) {
      await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      if ((await client.response()).status === 500) aborted++;
    }
    // Binomial, 5 standard deviations: one run of two million fails by chance.
    expect(Math.abs(aborted - n / 2)).toBeLessThan(5 * Math.sqrt(n / 4));
  });

  test("lets go of a request whose client goes away", async () => {
    await using site = await startSite({ route: { filters: [{ fault: { delay: { for: "30s" }, maxActive: 1 } }] } });
    const client = await openClient(site.port);
    await client.send("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(
      "the request to be in flight",
      async () => (await site.weir.metric("weir_listener_requests_active", { listener: "web" })) === 1,
    );
    // The bound is reached: this one is not held back.
    expect((await get(site.port, "/other")).status).toBe(200);
    client.socket.resetAndDestroy();
    const line = await site.logged("/gone");
    expect(String(line["flags"])).toMatch(/^DI,D[CR]$/);
    expect(line["duration_ms"]).toBeLessThan(20_000);
    expect(site.origin.requests.length).toBe(1);
  });

  test("comes to a request with a body, which passes behind it", async () => {
    await using site = await startSite({ route: { filters: [{ fault: { delay: { for: "100ms" } } }] } });
    using client = await openClient(site.port);
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    expect((await client.response()).body).toEndWith("body");
  });
});

describe("admission", () => {
  test("sheds when too few succeed, and lets in again when they do", async () => {
    let fails = true;
    const origin = {
      serve: (_: unknown, conn: { send(text: string): Promise<void> }) => conn.send(reply(fails ? 500 : 200, "x")),
    };
    await using site = await startSite({
      origin,
      route: { filters: [{ admission: { window: "3s", threshold: "90%", maxRejection: "90%" } }] },
    });
    using client = await openClient(site.port);
    const statuses = async (n: number): Promise<number[]> => {
      const seen: number[] = [];
      for (let i = 0; i < n; i++) {
        await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        seen.push((await client.response()).status);
      }
      return seen;
    };
    const seen = await statuses(200);
    const shed = seen.filter((s) => s === 503).length;
    // Nearly nine of ten are shed as soon as a few have failed; by 5 standard deviations at least 140 of 200.
    expect(shed).toBeGreaterThan(140);
    expect(site.origin.requests.length).toBe(200 - shed);
    expect(await site.weir.metric("weir_listener_faults_total", { code: "notAdmitted" })).toBe(shed);
    await until("a shed request in the log", () => site.log().some((l) => l["status"] === 503 && l["flags"] === "AC"));
    fails = false;
    await until("nothing to be shed", async () => (await statuses(20)).every((s) => s === 200), 20_000);
  });

  test("knows after a reload what it knew before", async () => {
    const filters = [{ admission: { window: "60s", threshold: "100%", maxRejection: "100%" } }];
    const origin = { serve: (_: unknown, conn: { send(text: string): Promise<void> }) => conn.send(reply(500, "x")) };
    await using site = await startSite({ origin, route: { filters } });
    for (let i = 0; i < 20; i++) await get(site.port, "/");
    const before = site.origin.requests.length;
    site.weir.rewrite({ ...site.config, drain: { delay: "1ms" } });
    expect((await site.weir.control("reload")).code).toBe(0);
    for (let i = 0; i < 20; i++) await get(site.port, "/");
    // A gate that knew nothing would let the first of them in, and then about one in two of the next few.
    expect(site.origin.requests.length - before).toBeLessThan(8);
  });

  test("lets a request wait, and sheds it when its time is over", async () => {
    const origin = { serve: (_: unknown, conn: { send(text: string): Promise<void> }) => conn.send(reply(500, "x")) };
    await using site = await startSite({
      origin,
      route: { filters: [{ admission: { window: "60s", threshold: "100%", maxRejection: "100%", wait: "600ms" } }] },
    });
    const all = await Promise.all(Array.from({ length: 60 }, (_, i) => get(site.port, `/${i}`)));
    expect(all.some((r) => r.status === 503) || site.origin.requests.length === 60).toBe(true);
    for (let i = 60; ; i++) {
      const { status } = await get(site.port, `/${i}`);
      if (status !== 503) continue;
      expect((await site.logged(`/${i}`))["duration_ms"]).toBeGreaterThanOrEqual(600);
      break;
    }
  });
});
