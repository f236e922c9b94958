import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { DnsServer } from "../support/dns_server.ts";
import { get, openClient } from "../support/raw_client.ts";
import { type RawOrigin, reply, startOrigin } from "../support/raw_origin.ts";
import { openScratch, type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

/** How soon a change of records with a TTL of a second has to be in force: the TTL, a try that fails, and a busy machine. */
const SOON_MS = 15_000;
const SERVICE = "_http._tcp.app.test";

function named(name: string): Promise<RawOrigin> {
  return startOrigin({ serve: (_, conn) => conn.send(reply(200, name)) });
}

/** The cluster's hosts as weir tells them, sorted. */
async function hosts(site: Site, cluster = "found"): Promise<string[]> {
  const status = JSON.parse((await site.weir.admin("/status")).body) as {
    clusters: { name: string; hosts: { address: string }[] }[];
  };
  return (status.clusters.find((c) => c.name === cluster)?.hosts ?? []).map((h) => h.address).sort();
}

async function become(site: Site, wanted: readonly string[]): Promise<void> {
  const text = JSON.stringify([...wanted].sort());
  await until(`the hosts ${text}`, async () => JSON.stringify(await hosts(site)) === text, SOON_MS);
}

async function answers(site: Site, n = 12): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let i = 0; i < n; i++) {
    const { status, body } = await get(site.port, "/");
    seen.add(status === 200 ? body : String(status));
  }
  return seen;
}

function start(cluster: Readonly<Record<string, unknown>>, args: readonly string[] = []): Promise<Site> {
  return startSite({ routes: [{ name: "all", to: "found" }], clusters: { found: cluster }, args });
}

function dnsOf(server: DnsServer): Readonly<Record<string, unknown>> {
  return { servers: [server.address], families: "v4", minTtl: "0s" };
}

describe("SRV records", () => {
  test("tell hosts, ports and levels; what vanishes drains, and the last answer outlives DNS", async () => {
    await using one = await named("one");
    await using two = await startOrigin({
      serve: async (request, conn) => {
        await conn.send(reply(200, "two").replace("two", ""));
        if (request.target === "/slow") await until("the test to go on", () => goOn, SOON_MS);
        await conn.send("two");
      },
    });
    let goOn = false;
    const dns = await DnsServer.start();
    try {
      dns.records.set("a.app.test", { ttl: 1, A: ["127.0.0.1"] });
      dns.records.set("b.app.test", { ttl: 1, A: ["127.0.0.1"] });
      const a = { priority: 10, weight: 1, port: one.port, target: "a.app.test" };
      const b = { priority: 10, weight: 1, port: two.port, target: "b.app.test" };
      dns.records.set(SERVICE, { ttl: 1, SRV: [a, b] });
      await using site = await start({ srv: SERVICE, dns: dnsOf(dns) });
      expect(await answers(site)).toEqual(new Set(["one", "two"]));

      // Round robin: with two hosts one of two requests in a row meets the slow one.
      const slow = [await openClient(site.port), await openClient(site.port)];
      for (const c of slow) await c.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
      await until("the slow request to be there", () => two.requests.some((r) => r.target === "/slow"));
      dns.records.set(SERVICE, { ttl: 1, SRV: [a] });
      await become(site, [`127.0.0.1:${one.port}`]);
      expect(await answers(site)).toEqual(new Set(["one"]));
      goOn = true;
      for (const c of slow) {
        expect((await c.response()).body).toMatch(/^(one|two)$/);
        c.destroy();
      }

      dns.mode = "servfail";
      dns.records.clear();
      await until("questions to fail", () => dns.asked.filter((q) => q === `SRV ${SERVICE}`).length >= 6, SOON_MS);
      expect(await answers(site)).toEqual(new Set(["one"]));
      await dns.die();
      expect(await answers(site)).toEqual(new Set(["one"]));

      dns.mode = "answer";
      dns.records.set("b.app.test", { ttl: 1, A: ["127.0.0.1"] });
      dns.records.set(SERVICE, { ttl: 1, SRV: [b] });
      await dns.revive();
      await until("the new host", async () => (await hosts(site)).join() === `127.0.0.1:${two.port}`, 45_000);
      expect(await answers(site)).toEqual(new Set(["two"]));
    } finally {
      await dns.stop();
    }
  });

  test("more than a datagram holds come over TCP", async () => {
    await using one = await named("one");
    const dns = await DnsServer.start();
    try {
      const targets = Array.from({ length: 40 }, (_, i) => `host-with-a-long-name-${i}.app.test`);
      for (const t of targets) dns.records.set(t, { ttl: 60, A: ["127.0.0.1"] });
      dns.records.set(SERVICE, { ttl: 60, SRV: targets.map((target) => ({ port: one.port, target })) });
      await using site = await start({ srv: SERVICE, dns: dnsOf(dns) });
      expect((await hosts(site)).length).toBe(40);
      expect(await answers(site, 4)).toEqual(new Set(["one"]));
      expect(dns.asked).toContain(`tcp SRV ${SERVICE}`);
    } finally {
      await dns.stop();
    }
  });

  test("that are nowhere leave the cluster without hosts, and the weir starts", async () => {
    const dns = await DnsServer.start();
    try {
      await using site = await start({ srv: SERVICE, dns: dnsOf(dns) });
      expect(await answers(site, 1)).toEqual(new Set(["503"]));
      expect(site.weir.stderr).toContain("Name could not be resolved");
    } finally {
      await dns.stop();
    }
  });

  test("are followed by each of several workers", async () => {
    await using one = await named("one");
    await using two = await named("two");
    const dns = await DnsServer.start();
    try {
      dns.records.set("a.app.test", { ttl: 1, A: ["127.0.0.1"] });
      dns.records.set(SERVICE, { ttl: 1, SRV: [{ port: one.port, target: "a.app.test" }] });
      await using site = await start({ srv: SERVICE, dns: dnsOf(dns) }, ["--workers", "2"]);
      expect(await answers(site)).toEqual(new Set(["one"]));
      dns.records.set(SERVICE, { ttl: 1, SRV: [{ port: two.port, target: "a.app.test" }] });
      await until("all workers to know", async () => (await answers(site, 16)).has("one") === false, SOON_MS);
      expect(await answers(site)).toEqual(new Set(["two"]));
    } finally {
      await dns.stop();
    }
  });
});

describe("addresses", () => {
  test("are asked of the cluster's own servers, as their TTL says", async () => {
    await using one = await named("one");
    const dns = await DnsServer.start();
    try {
      dns.records.set("app.test", { ttl: 1, A: ["127.0.0.1"] });
      await using site = await start({ endpoints: [`app.test:${one.port}`], dns: dnsOf(dns) });
      expect(await answers(site, 2)).toEqual(new Set(["one"]));
      dns.records.set("app.test", { ttl: 1, A: ["127.0.0.1", "127.0.0.2"] });
      await become(site, [`127.0.0.1:${one.port}`, `127.0.0.2:${one.port}`]);
      dns.delayMs = 500;
      dns.records.set("app.test", { ttl: 1, A: ["127.0.0.1"] });
      await become(site, [`127.0.0.1:${one.port}`]);
    } finally {
      await dns.stop();
    }
  });
});

describe("a file of endpoints", () => {
  test("is followed: in place, by a rename, and with problems the last good list stays", async () => {
    await using one = await named("one");
    await using two = await named("two");
    using scratch = openScratch();
    const file = join(scratch.dir, "hosts.yaml");
    writeFileSync(file, `- 127.0.0.1:${one.port}\n`);
    await using site = await start({ endpointsFile: file });
    expect(await answers(site, 3)).toEqual(new Set(["one"]));

    writeFileSync(file, `- 127.0.0.1:${one.port}\n- { address: "127.0.0.1:${two.port}", weight: 2 }\n`);
    await become(site, [`127.0.0.1:${one.port}`, `127.0.0.1:${two.port}`]);
    expect(await answers(site)).toEqual(new Set(["one", "two"]));

    writeFileSync(file, `- 127.0.0.1:${one.port}\n- { adress: "127.0.0.1:${two.port}" }\n`);
    await until("the problem to be told", () => site.weir.stderr.includes(`${file}:2:5: remove or rename`), SOON_MS);
    expect(await answers(site)).toEqual(new Set(["one", "two"]));

    writeFileSync(join(scratch.dir, "next.yaml"), JSON.stringify([`127.0.0.1:${two.port}`]));
    renameSync(join(scratch.dir, "next.yaml"), file);
    await become(site, [`127.0.0.1:${two.port}`]);
    expect(await answers(site)).toEqual(new Set(["two"]));
  });

  test("is followed where a mounted directory is swapped by its symlink, as Kubernetes does", async () => {
    await using one = await named("one");
    await using two = await named("two");
    using scratch = openScratch();
    const version = (name: string, port: number): void => {
      mkdirSync(join(scratch.dir, name));
      writeFileSync(join(scratch.dir, name, "hosts.json"), JSON.stringify([`127.0.0.1:${port}`]));
    };
    const swap = (name: string): void => {
      symlinkSync(name, join(scratch.dir, "..data_tmp"));
      renameSync(join(scratch.dir, "..data_tmp"), join(scratch.dir, "..data"));
    };
    version("..1", one.port);
    swap("..1");
    symlinkSync(join("..data", "hosts.json"), join(scratch.dir, "hosts.json"));
    await using site = await start({ endpointsFile: join(scratch.dir, "hosts.json") });
    expect(await answers(site, 3)).toEqual(new Set(["one"]));
    version("..2", two.port);
    swap("..2");
    await become(site, [`127.0.0.1:${two.port}`]);
    version("..3", one.port);
    swap("..3");
    await become(site, [`127.0.0.1:${one.port}`]);
  });

  test("may be gone while it is in force", async () => {
    await using one = await named("one");
    using scratch = openScratch();
    const file = join(scratch.dir, "hosts.yaml");
    writeFileSync(file, `- 127.0.0.1:${one.port}\n`);
    await using site = await start({ endpointsFile: file });
    renameSync(file, `${file}.away`);
    await until("its absence to be told", () => site.weir.stderr.includes("make the file readable"), SOON_MS);
    expect(await answers(site, 3)).toEqual(new Set(["one"]));
    writeFileSync(file, "[]\n");
    await become(site, []);
    expect(await answers(site, 1)).toEqual(new Set(["503"]));
  });
});
