import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect } from "node:net";
import { until } from "../support/deadline.ts";
import { H2Peer } from "../support/h2_peer.ts";
import { get, openClient } from "../support/raw_client.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const STEPS = { stopKeepAlive: "40%", refuseRequests: "60%", refuseConnections: "80%" };
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** Opens connections until so many are open. */
async function fill(port: number, open: RawPeer[], wanted: number): Promise<void> {
  while (open.length < wanted) {
    const c = await openClient(port);
    open.push(c);
  }
}

async function stepOf(site: Site): Promise<number> {
  return await site.weir.metric("weir_overload_step_active");
}

function untilStep(site: Site, step: number): Promise<void> {
  return until(`step ${step}`, async () => (await stepOf(site)) === step, 15_000);
}

async function ask(client: RawPeer): Promise<string> {
  const from = client.received.length;
  await client.send(GET);
  await client.response();
  return client.received.slice(from);
}

describe("connections", () => {
  test("bring the steps one after the other, and weir goes back by itself", async () => {
    await using site = await startSite({ top: { overload: { connections: 10, ...STEPS } } });
    const open: RawPeer[] = [];
    try {
      await fill(site.port, open, 3);
      expect(await ask(open[0]!)).not.toContain("Connection: close");
      await fill(site.port, open, 5);
      await untilStep(site, 1);
      const closing = await ask(open[0]!);
      expect(closing).toStartWith("HTTP/1.1 200 ");
      expect(closing).toContain("Connection: close");
      open.shift()!.destroy();

      await fill(site.port, open, 7);
      await untilStep(site, 2);
      const refused = await ask(open[0]!);
      expect(refused).toStartWith("HTTP/1.1 503 ");
      expect(refused).toContain("Connection: close");
      open.shift()!.destroy();
      await until("the refusal in the log", () => site.log().some((l) => l["status"] === 503 && l["flags"] === "OM"));

      await fill(site.port, open, 8);
      await untilStep(site, 3);
      const late = await openClient(site.port).catch(() => null);
      if (late !== null) await late.when("its end", 5_000, () => late.ending !== "open");
      expect((await site.weir.admin("/readyz")).status).toBe(200);
      expect(await site.weir.metric("weir_listener_refused_connections_total", { reason: "overload" })).toBeGreaterThan(0);
      expect(await site.weir.metric("weir_overload_shed_total", { step: "refuseRequests" })).toBeGreaterThan(0);
      expect(site.weir.stderr).toContain("Under pressure: more is given up");

      for (const c of open.splice(0)) c.destroy();
      await untilStep(site, 0);
      expect((await get(site.port, "/")).status).toBe(200);
      expect(site.weir.stderr).toContain("Under less pressure");
    } finally {
      for (const c of open) c.destroy();
    }
  });

  test("refuse streams of HTTP/2, and take leave of their connection", async () => {
    await using site = await startSite({ listener: { detect: true }, top: { overload: { connections: 10, ...STEPS } } });
    const open: RawPeer[] = [];
    const h2 = new H2Peer(connect(site.port, "127.0.0.1"), "client");
    try {
      expect((await h2.get("a", "/").done()).status).toBe(200);
      await fill(site.port, open, 6);
      await untilStep(site, 2);
      expect((await h2.get("a", "/").done()).status).toBe(503);
      await h2.when("GOAWAY", 5_000, () => h2.goAways.length > 0);
    } finally {
      h2.destroy();
      for (const c of open) c.destroy();
    }
  });

  test("count in all workers together", async () => {
    await using site = await startSite({ args: ["--workers", "2"], top: { overload: { connections: 10, ...STEPS } } });
    const open: RawPeer[] = [];
    try {
      await fill(site.port, open, 9);
      await until("both workers to refuse", async () => (await stepOf(site)) === 6, 15_000);
    } finally {
      for (const c of open) c.destroy();
    }
  });
});

describe("memory", () => {
  test("above its limit is shed at once, and a config with more of it ends that", async () => {
    await using site = await startSite({ top: { overload: { heap: "16MiB" } } });
    await untilStep(site, 3);
    expect(await site.weir.metric("weir_overload_pressure", { resource: "heap" })).toBeGreaterThan(1);
    const client = await openClient(site.port).catch(() => null);
    if (client !== null) await client.when("its end", 5_000, () => client.ending !== "open");
    site.weir.rewrite({ ...site.config, overload: { heap: "8GiB" } });
    expect((await site.weir.control("reload")).code).toBe(0);
    await untilStep(site, 0);
    expect((await get(site.port, "/")).status).toBe(200);
  });
});
