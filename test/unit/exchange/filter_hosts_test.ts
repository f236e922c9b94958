import { describe, expect, test } from "bun:test";
import type { Filter, HostChoice } from "../../../src/filter/types.ts";
import { FilteredSite } from "./filtered_site.ts";
import type { HostsOptions } from "./hosts_site.ts";
import { get, ok, statuses } from "./site.ts";

const HOSTS = [9001, 9002, 9003];

async function chosen(choose: (c: HostChoice) => ReturnType<NonNullable<Filter["onChooseHost"]>>, o: HostsOptions = {}) {
  const site = await FilteredSite.of([{ onChooseHost: (_x, c) => choose(c) }], { hosts: HOSTS, ...o });
  for (const port of HOSTS) await site.listen(port);
  return site;
}

function asked(site: FilteredSite): number[] {
  return HOSTS.filter((p) => site.hosts.get(p)!.peers.length > 0);
}

describe("a filter that chooses a host", () => {
  test("is told which there are", async () => {
    const seen: unknown[] = [];
    const site = await chosen((c) => {
      seen.push(c.cluster, c.attempt, ...c.hosts.map((h) => `${h.address} ${h.weight} ${h.active}`));
      return "127.0.0.1:9003";
    });
    await site.client(get("/"));
    expect(seen).toEqual(["app", 1, "127.0.0.1:9001 1 0", "127.0.0.1:9002 1 0", "127.0.0.1:9003 1 0"]);
    expect(asked(site)).toEqual([9003]);
  });

  test("and names none, or one that is none, leaves it to the policy", async () => {
    for (const answer of [null, "127.0.0.1:1"]) {
      const site = await chosen(() => answer);
      await site.client(get("/"));
      expect(asked(site).length).toBe(1);
    }
  });

  test("may take its time: the body waits, and comes whole", async () => {
    let say: (address: string) => void = () => {};
    const site = await chosen(() => new Promise((resolve) => (say = resolve)));
    const client = await site.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
    client.send("dy");
    await site.settled();
    expect(asked(site)).toEqual([]);
    say("127.0.0.1:9002");
    await site.settled();
    expect(asked(site)).toEqual([9002]);
    const { last } = site.hosts.get(9002)!;
    expect(last.take()).toEndWith("\r\n\r\nbody");
    last.send(ok("x"));
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
    expect(site.active).toEqual([0, 0]);
  });

  test("and whose client goes away meanwhile, or whose time is over, begins nothing", async () => {
    let say: (address: string) => void = () => {};
    const site = await chosen(() => new Promise((resolve) => (say = resolve)), { route: ", timeout: 1s" });
    const gone = await site.client(get("/"));
    gone.conn!.reset();
    await site.settled();
    say("127.0.0.1:9002");
    await site.settled();
    const late = await site.client(get("/"));
    await site.advance(1_100);
    expect(statuses(late.text)).toEqual([504]);
    say("127.0.0.1:9002");
    await site.settled();
    expect(asked(site)).toEqual([]);
    expect(site.active).toEqual([0, 0]);
  });

  test("and throws fails the request", async () => {
    for (const fail of [
      () => {
        throw new Error("boom");
      },
      () => Promise.reject(new Error("boom")),
    ]) {
      const site = await chosen(fail);
      const client = await site.client(get("/"));
      await site.settled();
      expect(statuses(client.text)).toEqual([500]);
      expect(site.errors).toEqual([expect.stringContaining("boom")]);
      expect(site.active).toEqual([0, 0]);
    }
  });

  test("is asked for each attempt, and told of hosts that were not tried", async () => {
    const seen: string[] = [];
    const site = await chosen(
      async (c) => {
        seen.push(`${c.attempt}: ${c.hosts.map((h) => h.address.slice(-1)).join("")}`);
        return c.hosts[0]!.address;
      },
      { route: ', retry: { attempts: 2, on: ["503"], otherHost: true, backoff: { base: 10ms } }' },
    );
    const client = await site.client(get("/"));
    for (const port of [9001, 9002]) {
      site.hosts.get(port)!.last.send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
      await site.settled();
      await site.advance(200);
    }
    site.hosts.get(9003)!.last.send(ok("third"));
    await site.settled();
    expect(client.text).toEndWith("third");
    expect(seen).toEqual(["1: 123", "2: 23", "3: 3"]);
    expect(site.active).toEqual([0, 0]);
  });

  test("of a retry that is over when it answers gives the cluster's retry back", async () => {
    let say: (address: string) => void = () => {};
    let n = 0;
    const site = await chosen(() => (n++ === 0 ? "127.0.0.1:9001" : new Promise((resolve) => (say = resolve))), {
      route: ', timeout: 1s, retry: { attempts: 2, on: ["503"], backoff: { base: 10ms } }',
      cluster: ", breakers: { retries: 1 }",
    });
    const client = await site.client(get("/"));
    site.hosts.get(9001)!.last.send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    await site.settled();
    await site.advance(300);
    expect(n).toBe(2);
    expect(site.gauge("remaining", "retries")).toBe(0);
    await site.advance(1_000);
    expect(statuses(client.text)).toEqual([504]);
    say("127.0.0.1:9002");
    await site.settled();
    expect(asked(site)).toEqual([9001]);
    expect(site.gauge("remaining", "retries")).toBe(1);
    expect(site.active).toEqual([0, 0]);
  });

  test("is asked for what a hedge begins as well", async () => {
    const site = await chosen(async (c) => c.hosts[0]!.address, { route: ", hedge: { after: 50ms }" });
    const client = await site.client(get("/"));
    expect(asked(site)).toEqual([9001]);
    await site.advance(100);
    expect(asked(site)).toEqual([9001, 9002]);
    site.hosts.get(9002)!.last.send(ok("second"));
    await site.settled();
    expect(client.text).toEndWith("second");
    expect(site.active).toEqual([0, 0]);
  });

  test("of a tunnel, too", async () => {
    const site = await chosen(async () => "127.0.0.1:9002", { route: ", connect: true" });
    const client = await site.client("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n");
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
    expect(asked(site)).toEqual([9002]);
  });
});
