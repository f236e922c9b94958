import { describe, expect, test } from "bun:test";
import { type HostsOptions, HostsSite, type MemoryHost } from "./hosts_site.ts";
import { DATE, get, ok, type Peer, statuses } from "./site.ts";

const QUIET = [0, 0];
const GRAIN_MS = 32;
const BAD = `HTTP/1.1 503 No\r\n${DATE}Content-Length: 4\r\n\r\nbad\n`;

interface Race {
  readonly site: HostsSite;
  /** In the order in which they were asked first. */
  readonly hosts: MemoryHost[];
  readonly client: Peer;
}

/** A route that hedges after 100 ms, and a client that has asked it. */
async function race(o: HostsOptions = {}, request = get("/x"), hedge = "100ms"): Promise<Race> {
  const site = await HostsSite.start({ hosts: [9001, 9002, 9003], ...o, route: `, hedge: ${hedge} ${o.route ?? ""}` });
  const all = await Promise.all((o.hosts ?? [9001, 9002, 9003]).map((p) => site.listen(p)));
  const client = await site.client(request);
  const first = all.find((h) => h.peers.length > 0)!;
  const at = all.indexOf(first);
  return { site, hosts: [...all.slice(at), ...all.slice(0, at)], client };
}

function reached(hosts: readonly MemoryHost[]): number {
  return hosts.filter((h) => h.peers.length > 0).length;
}

async function say(site: HostsSite, host: MemoryHost, text: string): Promise<void> {
  host.last.send(text);
  await site.settled();
}

describe("an attempt that takes long", () => {
  test("gets one beside it at another host; the first reply wins and the loser is reset", async () => {
    for (const winner of [0, 1]) {
      const { site, hosts, client } = await race();
      await site.advance(90);
      expect(reached(hosts)).toBe(1);
      await site.advance(10 + GRAIN_MS);
      expect(reached(hosts)).toBe(2);
      expect(hosts[1]!.last.text).toBe(hosts[0]!.last.text);
      await say(site, hosts[winner]!, ok("won"));
      expect(client.text).toBe(ok("won"));
      expect(hosts[1 - winner]!.last.gone).toBe(true);
      expect(hosts[winner]!.last.gone).toBe(false);
      expect(site.active).toEqual(QUIET);
      expect([site.metrics.hedges.value, site.metrics.retries.value]).toEqual([1, 0]);
    }
  });

  test("that is in time has none", async () => {
    const { site, hosts, client } = await race();
    await site.advance(90);
    await say(site, hosts[0]!, ok("won"));
    await site.advance(1000);
    expect(client.text).toBe(ok("won"));
    expect(reached(hosts)).toBe(1);
  });

  test("gets as many beside it as the route allows, one after the other", async () => {
    const { site, hosts, client } = await race({}, get("/x"), "{ after: 100ms, attempts: 3 }");
    await site.advance(100 + GRAIN_MS);
    expect(reached(hosts)).toBe(2);
    await site.advance(100 + GRAIN_MS);
    expect(reached(hosts)).toBe(3);
    await site.advance(1000);
    expect(hosts.map((h) => h.peers.length)).toEqual([1, 1, 1]);
    await say(site, hosts[2]!, ok("won"));
    expect(client.text).toBe(ok("won"));
    expect(hosts.map((h) => h.open)).toEqual([0, 0, 1]);
  });

  test("never two replies: what the loser still says is heard by nobody", async () => {
    const { site, hosts, client } = await race();
    await site.advance(100 + GRAIN_MS);
    hosts[0]!.last.send(ok("one"));
    hosts[1]!.last.send(ok("two"));
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
    client.send(get("/y"));
    await site.settled();
    for (const h of hosts) if (h.peers.length > 0 && h.last.text.includes("/y")) h.last.send(ok("three"));
    await site.settled();
    expect(statuses(client.text)).toEqual([200, 200]);
    expect(client.text).toEndWith("three");
  });

  test("is not given up for a reply that is no good", async () => {
    const { site, hosts, client } = await race();
    await site.advance(100 + GRAIN_MS);
    await say(site, hosts[1]!, BAD);
    expect(client.text).toBe("");
    await say(site, hosts[0]!, ok("won"));
    expect(client.text).toBe(ok("won"));
    expect(site.active).toEqual(QUIET);
  });

  test("nor for a failure of the other; the last failure is the client's", async () => {
    const { site, hosts, client } = await race();
    await site.advance(100 + GRAIN_MS);
    hosts[1]!.last.conn!.reset();
    await site.settled();
    expect(client.text).toBe("");
    await say(site, hosts[0]!, BAD);
    expect(client.text).toBe(BAD);
    expect(site.active).toEqual(QUIET);
  });

  test("and its hedge may fail, and the route may retry then", async () => {
    const { site, hosts, client } = await race({ route: ", retry: { attempts: 1, on: [503], backoff: { base: 1ms } }" });
    await site.advance(100 + GRAIN_MS);
    await say(site, hosts[0]!, BAD);
    await say(site, hosts[1]!, BAD);
    await site.advance(50);
    expect(reached(hosts)).toBe(3);
    await say(site, hosts[2]!, ok("won"));
    expect(client.text).toBe(ok("won"));
  });

  test("with a body: the hedge waits for its end, and has all of it", async () => {
    const { site, hosts, client } = await race({}, "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    await site.advance(1000);
    expect(reached(hosts)).toBe(1);
    client.send("world");
    await site.settled();
    await site.advance(100 + GRAIN_MS);
    expect(hosts[1]!.last.text).toEndWith("\r\n\r\nhelloworld");
    await say(site, hosts[1]!, ok("won"));
    expect(statuses(client.text)).toEqual([200]);
  });

  test("with a body that is too long to keep has none", async () => {
    const { site, hosts } = await race({}, `PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n${"x".repeat(9000)}`);
    await site.advance(1000);
    expect(reached(hosts)).toBe(1);
  });

  test("of a POST has none", async () => {
    const { site, hosts } = await race({}, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    await site.advance(1000);
    expect(reached(hosts)).toBe(1);
  });

  test("has none when the cluster's retries are spent", async () => {
    const { site, hosts } = await race({ cluster: ", breakers: { retries: 0 }" });
    await site.advance(1000);
    expect(reached(hosts)).toBe(1);
    expect(site.overflows("retries")).toBe(1);
  });

  test("whose client goes takes its hedge with it", async () => {
    const { site, hosts, client } = await race();
    await site.advance(100 + GRAIN_MS);
    client.conn!.reset();
    await site.settled();
    expect(hosts.map((h) => h.open)).toEqual([0, 0, 0]);
    expect(site.active).toEqual(QUIET);
  });

  test("that is still to connect may be beaten", async () => {
    const site = await HostsSite.start({ hosts: [9001, 9002], route: ", hedge: 100ms" });
    const hosts = [await site.listen(9001), await site.listen(9002)];
    // Only one of the two answers dials.
    site.platform.silent.add("127.0.0.1:9001");
    for (let i = 0; i < 2; i++) {
      const client = await site.client(get("/x"));
      await site.advance(100 + GRAIN_MS);
      await say(site, hosts[1]!, ok("won"));
      expect(client.text).toBe(ok("won"));
      expect(site.active).toEqual(QUIET);
    }
    expect(site.metrics.hedges.value).toBe(2);
  });
});
