import { describe, expect, test } from "bun:test";
import type { ConnHandler, Listener } from "../../../src/platform/types.ts";
import { UdpSite, type UdpTestEnd } from "./udp_site.ts";

/** Takes connections and says nothing. */
const SILENT: ConnHandler = { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
const ONE = `clusters: { c: { endpoints: ["127.0.0.1:9001"] } }`;
const TWO = `clusters: { c: { endpoints: ["127.0.0.1:9001", "127.0.0.1:9002"] } }`;

/** A config with one listener of UDP, `keys` added to it. */
function udp(keys = "", clusters = ONE): string {
  return `listeners: { l: { address: "127.0.0.1:5300", protocol: udp, to: c${keys === "" ? "" : `, ${keys}`} } }\n${clusters}`;
}

describe("a session", () => {
  test("has one host until it is idle, and then is logged", async () => {
    const site = await UdpSite.start(udp("", TWO), [9001, 9002]);
    const c = site.client();
    const first = await site.ask(c, "a");
    const host = first.slice(0, 4);
    expect(["9001", "9002"]).toContain(host);
    await site.platform.advance(30_000);
    expect(await site.ask(c, "b")).toBe(`${host} b`);
    expect(site.active).toEqual([1, 1]);
    await site.platform.advance(59_000);
    expect(site.active).toEqual([1, 1]);
    expect(site.lines).toEqual([]);
    await site.platform.advance(1_100);
    expect(site.active).toEqual([0, 0]);
    expect(site.lines).toEqual([
      expect.objectContaining({
        listener: "l",
        protocol: "UDP",
        scheme: "udp",
        remoteAddress: "127.0.0.1",
        remotePort: c.port!.address.port,
        localAddress: "127.0.0.1:5300",
        status: 0,
        requestBodyBytes: 2,
        responseBodyBytes: 12,
        duration: 30_000,
        cluster: "c",
        endpoint: `127.0.0.1:${host}`,
        attempts: 1,
        flags: "",
      }),
    ]);
  });

  test("is the client's port's own, and answers go to who asked", async () => {
    const site = await UdpSite.start(udp("", TWO), [9001, 9002]);
    const clients = Array.from({ length: 10 }, () => site.client());
    for (const [i, c] of clients.entries()) c.send(`q${i}`);
    await site.platform.settled();
    expect(clients.map((c) => c.texts.map((t) => t.slice(5)))).toEqual(clients.map((_, i) => [`q${i}`]));
    expect([...site.origins.values()].map((o) => o.texts.length)).toEqual([5, 5]);
    expect(site.active).toEqual([10, 10]);
  });

  test("ends when the host's answers have come, where it is told how many there are", async () => {
    const site = await UdpSite.start(udp("replies: 1"));
    const c = site.client();
    expect(await site.ask(c, "a")).toBe("9001 a");
    expect(site.active).toEqual([0, 0]);
    expect(site.lines.map((l) => l.flags)).toEqual([""]);
    expect(await site.ask(c, "b")).toBe("9001 b");
    expect(site.lines.length).toBe(2);
  });

  test("that its host refuses ends, and the client's next datagram goes to another one", async () => {
    const site = await UdpSite.start(udp("", TWO), [9002]);
    for (let i = 0; i < 4; i++) {
      const c = site.client();
      const lines = site.lines.length;
      const first = await site.ask(c, "a");
      if (first === "") {
        expect(site.lines.length).toBe(lines + 1);
        expect(site.lines.at(-1)).toMatchObject({ flags: "UF", endpoint: "127.0.0.1:9001" });
        expect(await site.ask(c, "b")).toBe("9002 b");
      } else expect(first).toBe("9002 a");
    }
    expect(site.lines.length).toBeGreaterThan(1);
    expect(site.active).toEqual([4, 4]);
  });

  test("chooses a host for each datagram where that is asked for", async () => {
    const site = await UdpSite.start(udp("balance: packet", TWO), [9001, 9002]);
    const c = site.client();
    for (let i = 0; i < 6; i++) await site.ask(c, `${i}`);
    expect(c.texts.length).toBe(6);
    expect([...site.origins.values()].map((o) => o.texts.length)).toEqual([3, 3]);
    expect(site.active).toEqual([1, 1]);
    await site.platform.advance(61_000);
    expect(site.active).toEqual([0, 0]);
    expect(site.lines.map((l) => l.attempts)).toEqual([2]);
  });

  test("of many hosts goes on without one that refuses", async () => {
    const site = await UdpSite.start(udp("balance: packet", TWO), [9002]);
    const c = site.client();
    for (let i = 0; i < 8; i++) await site.ask(c, `${i}`);
    expect(site.origins.get(9002)!.texts.length).toBeGreaterThan(2);
  });

  test("weights are shares of sessions", async () => {
    const clusters = `clusters: { c: { endpoints: ["127.0.0.1:9001"] }, d: { endpoints: ["127.0.0.1:9002"] } }`;
    const to = "to: [{ cluster: c, weight: 3 }, { cluster: d, weight: 1 }]";
    const site = await UdpSite.start(udp("", clusters).replace("to: c", to), [9001, 9002]);
    for (let i = 0; i < 40; i++) site.client().send("x");
    await site.platform.settled();
    expect([...site.origins.values()].map((o) => o.texts.length)).toEqual([30, 10]);
  });
});

describe("datagrams that go nowhere are counted by their reason", () => {
  test("without a host", async () => {
    const site = await UdpSite.start(udp("", `clusters: { c: { endpoints: ["nowhere.test:1"] } }`));
    site.client().send("x");
    await site.platform.settled();
    expect(site.dropped("noHost")).toBe(1);
    expect(site.active).toEqual([0, 0]);
  });

  const limits: readonly (readonly [
    name: string,
    keys: string,
    send: (site: UdpSite) => Promise<void>,
    reason: "sessionLimit" | "sessionRate" | "size" | "source",
    got: number,
  ])[] = [
    ["sessions", "maxSessions: 2", (s) => many(s, 3), "sessionLimit", 2],
    ["new sessions a second", "sessionRate: { perSecond: 1, burst: 2 }", (s) => many(s, 3), "sessionRate", 2],
    ["a datagram's bytes", "maxDatagram: 4", (s) => one(s, ["1234", "12345"]), "size", 1],
    ["a denied client", "deny: [127.0.0.3]", (s) => from(s, ["127.0.0.1", "127.0.0.3"]), "source", 1],
    ["a client that is not allowed", "allow: [127.0.0.3]", (s) => from(s, ["127.0.0.1", "127.0.0.3"]), "source", 1],
  ];
  for (const [name, keys, send, reason, got] of limits)
    test(`past the limit of ${name}`, async () => {
      const site = await UdpSite.start(udp(keys));
      await send(site);
      expect(site.dropped(reason)).toBe(1);
      expect(site.origins.get(9001)!.texts.length).toBe(got);
    });

  test("a session that ended makes room", async () => {
    const site = await UdpSite.start(udp("maxSessions: 1"));
    await site.ask(site.client(), "a");
    expect(await site.ask(site.client(), "b")).toBe("");
    await site.platform.advance(61_000);
    expect(await site.ask(site.client(), "c")).toBe("9001 c");
  });
});

async function many(site: UdpSite, n: number): Promise<void> {
  for (let i = 0; i < n; i++) await site.ask(site.client(), "x");
}
async function one(site: UdpSite, texts: readonly string[]): Promise<void> {
  const c = site.client();
  for (const t of texts) await site.ask(c, t);
}
async function from(site: UdpSite, sources: readonly string[]): Promise<void> {
  for (const s of sources) await site.ask(site.client(5300, s), "x");
}

describe("over a reload a session", () => {
  async function open(config: string, ports: readonly number[]): Promise<{ site: UdpSite; c: UdpTestEnd; host: number }> {
    const site = await UdpSite.start(config, ports);
    const c = site.client();
    return { site, c, host: Number((await site.ask(c, "a")).slice(0, 4)) };
  }

  test("keeps its host when something else changes", async () => {
    const { site, c, host } = await open(udp("", TWO), [9001, 9002]);
    await site.apply(
      udp("maxDatagram: 100", `clusters: { c: { endpoints: ["127.0.0.1:9002", "127.0.0.1:9001", "127.0.0.1:9003"] } }`),
    );
    for (let i = 0; i < 4; i++) expect(await site.ask(c, "b")).toBe(`${host} b`);
    expect(site.lines).toEqual([]);
  });

  test("ends when its host leaves, and another one goes on", async () => {
    const { site, c, host } = await open(udp("", TWO), [9001, 9002]);
    const other = host === 9001 ? 9002 : 9001;
    await site.apply(udp("", `clusters: { c: { endpoints: ["127.0.0.1:${other}"] } }`));
    expect(await site.ask(c, "b")).toBe(`${other} b`);
    expect(site.lines.map((l) => [l.endpoint, l.flags])).toEqual([[`127.0.0.1:${host}`, ""]]);
    expect(site.active).toEqual([1, 1]);
  });

  test("ends when its host fails its checks while another one is well, and stays where none is", async () => {
    const health = "health: { tcp: {}, interval: 1s, timeout: 500ms, unhealthyThreshold: 1, reuse: false }";
    const config = udp("", `clusters: { c: { endpoints: ["127.0.0.1:9001", "127.0.0.1:9002"], ${health} } }`);
    const site = await UdpSite.start(udp("", TWO), [9001, 9002]);
    const checks = new Map<number, Listener>();
    for (const port of [9001, 9002])
      checks.set(port, await site.platform.listen({ kind: "tcp", host: "127.0.0.1", port }, {}, () => SILENT));
    const applied = site.apply(config);
    await site.platform.advance(3000);
    await applied;
    const c = site.client();
    const host = Number((await site.ask(c, "a")).slice(0, 4));
    const other = host === 9001 ? 9002 : 9001;
    checks.get(host)!.close();
    await site.platform.advance(5000);
    expect(await site.ask(c, "b")).toBe(`${other} b`);
    expect(site.lines.map((l) => l.endpoint)).toEqual([`127.0.0.1:${host}`]);
    checks.get(other)!.close();
    await site.platform.advance(5000);
    expect(await site.ask(c, "c")).toBe(`${other} c`);
    expect(site.active).toEqual([1, 1]);
  });

  test("ends when the listener leads elsewhere", async () => {
    const { site, c } = await open(udp(), [9001, 9002]);
    await site.apply(
      udp("", `clusters: { c: { endpoints: ["127.0.0.1:9001"] }, d: { endpoints: ["127.0.0.1:9002"] } }`).replace(
        "to: c",
        "to: d",
      ),
    );
    expect(await site.ask(c, "b")).toBe("9002 b");
  });

  test("leaves a host that fails its checks with the next datagram", async () => {
    const { site, c, host } = await open(udp("", TWO), [9001, 9002]);
    const listeners = new Map<number, Listener>();
    for (const port of [9001, 9002]) {
      const at = { kind: "tcp", host: "127.0.0.1", port } as const;
      listeners.set(port, await site.platform.listen(at, {}, () => SILENT));
    }
    await site.apply(udp("", TWO.replace("] }", "], health: { tcp: {}, interval: 1s, unhealthyThreshold: 1 } }")));
    await site.platform.advance(100);
    expect(await site.ask(c, "b")).toBe(`${host} b`);
    await listeners.get(host)!.close();
    await site.platform.advance(3_000);
    const other = host === 9001 ? 9002 : 9001;
    expect(await site.ask(c, "c")).toBe(`${other} c`);
    expect(site.lines.length).toBe(1);
    await listeners.get(other)!.close();
    await site.platform.advance(3_000);
    // All of them are ill: whoever is chosen then keeps it.
    const last = (await site.ask(c, "d")).slice(0, 4);
    expect(await site.ask(c, "e")).toBe(`${last} e`);
  });

  test("of a listener that is gone lives until it is idle, and no new one begins", async () => {
    const { site, c } = await open(udp(), [9001]);
    await site.apply(
      `listeners: { other: { address: "127.0.0.1:5301", protocol: udp, to: c } }\n${ONE}\ndrain: { tunnels: 90s }`,
    );
    expect(await site.ask(c, "b")).toBe("9001 b");
    expect(await site.ask(site.client(), "new")).toBe("");
    expect(await site.ask(site.client(5301), "new")).toBe("9001 new");
    await site.platform.advance(61_000);
    expect(site.active[0]).toBe(0);
    await site.apply(udp());
    expect(await site.ask(c, "c")).toBe("9001 c");
  });

  test("of a listener that is gone is cut at the drain limit", async () => {
    const { site, c } = await open(udp(), [9001]);
    await site.apply(`listeners: { other: { address: "127.0.0.1:5301", protocol: udp, to: c } }\n${ONE}\ndrain: { limit: 2s }`);
    await site.platform.advance(1_000);
    expect(await site.ask(c, "b")).toBe("9001 b");
    await site.platform.advance(1_100);
    expect(site.lines.map((l) => l.flags)).toEqual(["DN"]);
    expect(await site.ask(c, "c")).toBe("");
  });

  test("goes on under the listener's new name", async () => {
    const { site, c, host } = await open(udp("", TWO), [9001, 9002]);
    await site.apply(udp("", TWO).replace("{ l:", "{ renamed:"));
    expect(await site.ask(c, "b")).toBe(`${host} b`);
    expect(site.lines).toEqual([]);
  });
});

describe("a drain", () => {
  test("takes no new sessions, and waits for those that are there", async () => {
    const site = await UdpSite.start(`${udp("timeouts: { idle: 1s }")}\ndrain: { limit: 5s }`);
    const c = site.client();
    await site.ask(c, "a");
    const drained = site.server.drain();
    await site.platform.settled();
    expect(await site.ask(c, "b")).toBe("9001 b");
    expect(await site.ask(site.client(), "new")).toBe("");
    expect(site.dropped("draining")).toBe(1);
    await site.platform.advance(1_100);
    await drained;
    expect(site.lines.map((l) => l.flags)).toEqual([""]);
  });

  test("cuts them at its limit", async () => {
    const site = await UdpSite.start(`${udp()}\ndrain: { limit: 2s }`);
    await site.ask(site.client(), "a");
    const drained = site.server.drain();
    await site.platform.advance(2_100);
    await drained;
    expect(site.lines.map((l) => l.flags)).toEqual(["DN"]);
    expect(site.active).toEqual([0, 0]);
  });
});

test("when another process goes on, sessions stay here with ports of their own, and clients that are new go there", async () => {
  const site = await UdpSite.start(udp("", TWO), [9001, 9002]);
  const clients = Array.from({ length: 6 }, () => site.client());
  for (const c of clients) c.send("a");
  await site.platform.settled();
  const hosts = clients.map((c) => c.texts[0]!.slice(0, 4));
  site.server.handOverDatagrams(true);
  for (const c of clients) c.send("b");
  const fresh = site.client();
  fresh.send("new");
  await site.platform.settled();
  expect(clients.map((c) => c.texts.slice(1))).toEqual(hosts.map((h) => [`${h} b`]));
  expect(fresh.texts).toEqual([]);
  expect(site.active).toEqual([6, 6]);
  await site.platform.advance(61_000);
  expect(site.active).toEqual([0, 0]);
  expect(site.lines.map((l) => [l.requestBodyBytes, l.flags])).toEqual(clients.map(() => [2, ""]));
});
