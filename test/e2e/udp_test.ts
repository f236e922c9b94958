import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { UdpClient, UdpOrigin } from "../support/datagrams.ts";
import { until } from "../support/deadline.ts";
import { decodeAnswer, encodeQuery, startDns, type TypeName } from "../support/dns.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { run } from "../support/program.ts";
import type { LogLine } from "../support/weir.ts";

setDefaultTimeout(30_000);

const ZONE = {
  "www.example A": ["192.0.2.1", "192.0.2.2"],
  "www.example AAAA": ["20010db8000000000000000000000001"],
  "www.example TXT": ["weir"],
};

let w: Listeners;
let dns: UdpOrigin;
let a: UdpOrigin;
let b: UdpOrigin;

beforeAll(async () => {
  [dns, a, b] = await Promise.all([startDns(ZONE), UdpOrigin.echo("a:"), UdpOrigin.echo("b:")]);
  const udp = { protocol: "udp" } as const;
  w = await startListeners(
    {
      dns: { ...udp, to: "dns", replies: 1 },
      echo: { ...udp, to: "both", timeouts: { idle: "700ms" } },
      everywhere: { ...udp, to: "a" },
      packet: { ...udp, to: "both", balance: "packet" },
      shares: { ...udp, to: [{ cluster: "a", weight: 3 }, "b"] },
      small: { ...udp, to: "a", maxDatagram: 8 },
      few: { ...udp, to: "a", maxSessions: 2, timeouts: { idle: "1s" } },
      denied: { ...udp, to: "a", deny: ["127.0.0.7"] },
      dead: { ...udp, to: "dead" },
      some: { ...udp, to: "some" },
      web: {},
    },
    {
      clusters: {
        dns: { endpoints: [`127.0.0.1:${dns.port}`] },
        a: { endpoints: [`127.0.0.1:${a.port}`] },
        b: { endpoints: [`127.0.0.1:${b.port}`] },
        both: { endpoints: [`127.0.0.1:${a.port}`, `127.0.0.1:${b.port}`] },
        dead: { endpoints: ["127.0.0.1:1"] },
        some: { endpoints: ["127.0.0.1:1", `127.0.0.1:${b.port}`] },
      },
    },
  );
  const { everywhere } = w.port;
  w.site.weir.rewrite({
    ...w.site.config,
    listeners: { ...w.listeners, everywhere: { ...w.listeners["everywhere"], address: `:${everywhere}` } },
  });
  const reloaded = await w.site.weir.control("reload");
  if (reloaded.code !== 0) throw new Error(reloaded.stderr);
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  await Promise.all([dns, a, b].map((o) => o.close()));
});

function client(listener: string, host?: string, source?: string): Promise<UdpClient> {
  return UdpClient.open(w.port[listener]!, host, source);
}

function linesOf(listener: string): LogLine[] {
  return w.site.log().filter((l) => l["listener"] === listener);
}

/** The last line of the access log for a listener, once there are more than `before`. */
async function logged(listener: string, before: number): Promise<LogLine> {
  await until(`a line of ${listener}`, () => linesOf(listener).length > before);
  return linesOf(listener).at(-1)!;
}

function dropped(listener: string, reason: string): Promise<number> {
  return w.site.weir.metric("weir_listener_dropped_datagrams_total", { listener, reason });
}

describe("DNS through a listener of UDP", () => {
  const rows: readonly (readonly [name: string, type: TypeName, rcode: number, records: readonly string[]])[] = [
    ["www.example", "A", 0, ["192.0.2.1", "192.0.2.2"]],
    ["www.example", "AAAA", 0, ["20010db8000000000000000000000001"]],
    ["www.example", "TXT", 0, ["weir"]],
    ["nowhere.example", "A", 3, []],
  ];
  for (const [i, [name, type, rcode, records]] of rows.entries())
    test(`${type} of ${name}`, async () => {
      using c = await client("dns");
      const answer = await c.ask(encodeQuery(1000 + i, name, type));
      expect(decodeAnswer(Buffer.from(answer, "latin1"))).toEqual({ id: 1000 + i, rcode, records });
    });

  test("100 clients at once get their own answers, and no session is left", async () => {
    const all = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        using c = await client("dns");
        return decodeAnswer(Buffer.from(await c.ask(encodeQuery(i, "www.example", "TXT")), "latin1")).id;
      }),
    );
    expect(all).toEqual(all.map((_, i) => i));
    await until(
      "the sessions to end",
      async () => (await w.site.weir.metric("weir_listener_sessions_active", { listener: "dns" })) === 0,
    );
  });

  const dig = Bun.which("dig");
  test.skipIf(dig === null)("dig gets its answer", async () => {
    const ran = await run([dig!, "@127.0.0.1", "-p", String(w.port["dns"]), "+short", "www.example", "TXT"]);
    expect(ran.stdout.trim()).toBe('"weir"');
  });
});

describe("a session", () => {
  test("has one host, and a line in the log when it is idle", async () => {
    using c = await client("echo");
    const first = await c.ask("one");
    const name = first.slice(0, 2);
    for (let i = 0; i < 5; i++) expect(await c.ask(`${i}`)).toBe(`${name}${i}`);
    expect(await logged("echo", 0)).toMatchObject({
      protocol: "UDP",
      status: 0,
      request_body_bytes: 8,
      response_body_bytes: 20,
      cluster: "both",
      endpoint: `127.0.0.1:${name === "a:" ? a.port : b.port}`,
      attempts: 1,
      flags: "",
    });
  });

  test("is counted, with its datagrams and bytes both ways", async () => {
    const count = (name: string): Promise<number> => w.site.weir.metric(`weir_listener_${name}`, { listener: "shares" });
    const clients = await Promise.all(Array.from({ length: 8 }, () => client("shares")));
    const answers = await Promise.all(clients.map((c) => c.ask("12345")));
    expect(answers.filter((t) => t === "a:12345").length).toBe(6);
    expect(await count("sessions_total")).toBe(8);
    expect(await count("sessions_active")).toBe(8);
    expect(await count("received_datagrams_total")).toBe(8);
    expect(await count("sent_datagrams_total")).toBe(8);
    expect(await count("received_bytes_total")).toBe(40);
    expect(await count("sent_bytes_total")).toBe(56);
    expect(await w.site.weir.metric("weir_cluster_sent_datagrams_total", { cluster: "b" })).toBe(2);
    for (const c of clients) c[Symbol.dispose]();
  });

  test("gives each datagram to another host where that is asked for", async () => {
    using c = await client("packet");
    const names = [];
    for (let i = 0; i < 6; i++) names.push((await c.ask("x")).slice(0, 2));
    expect(names.filter((n) => n === "a:").length).toBe(3);
  });

  for (const host of ["127.0.0.1", "127.0.0.9", "::1"])
    test(`of a listener on every address answers from ${host} when it was asked there`, async () => {
      using c = await client("everywhere", host);
      expect(await c.ask("x")).toBe("a:x");
    });

  test("passes datagrams of every size", async () => {
    using c = await client("everywhere");
    for (const n of [0, 1, 1472, 1473, 9000, 65_000]) expect((await c.ask("y".repeat(n))).length).toBe(n + 2);
  });
});

describe("a host that refuses", () => {
  test("ends the session, and the next datagram goes to another one", async () => {
    for (let i = 0; i < 4; i++) {
      using c = await client("some");
      const lines = linesOf("some").length;
      c.send("one");
      await until("an answer, or the end of the session", () => c.answers.length > 0 || linesOf("some").length > lines);
      if (c.answers.length > 0) continue;
      expect(await logged("some", lines)).toMatchObject({ flags: "UF", endpoint: "127.0.0.1:1" });
      expect(await c.ask("two")).toBe("b:two");
    }
  });

  test("costs nothing else: what comes is dropped and counted, and the others are served", async () => {
    using dead = await client("dead");
    using c = await client("everywhere");
    for (let i = 0; i < 200; i++) dead.send("x");
    expect(await c.ask("x")).toBe("a:x");
    await until(
      "the refusals to be counted",
      async () => (await w.site.weir.metric("weir_cluster_connect_failures_total", { cluster: "dead" })) > 0,
    );
    expect(await w.site.weir.metric("weir_callback_throws_total")).toBe(0);
  });
});

describe("what is too much is dropped and counted", () => {
  test("a datagram above the limit", async () => {
    using c = await client("small");
    c.send("123456789");
    expect(await c.ask("12345678")).toBe("a:12345678");
    expect(await dropped("small", "size")).toBe(1);
  });

  test("a session above the limit, until there is room again", async () => {
    using first = await client("few");
    using second = await client("few");
    using third = await client("few");
    await first.ask("1");
    await second.ask("2");
    third.send("3");
    await until("the datagram to be dropped", async () => (await dropped("few", "sessionLimit")) === 1);
    expect(await first.ask("1")).toBe("a:1");
    await until("room", async () => (await w.site.weir.metric("weir_listener_sessions_active", { listener: "few" })) === 0);
    expect(await third.ask("3")).toBe("a:3");
  });

  test("a client that is denied", async () => {
    using no = await client("denied", "127.0.0.1", "127.0.0.7");
    using yes = await client("denied");
    no.send("x");
    expect(await yes.ask("x")).toBe("a:x");
    await until("the datagram to be dropped", async () => (await dropped("denied", "source")) === 1);
    expect(no.answers).toEqual([]);
  });
});

test("weir status tells of listeners of UDP", async () => {
  using c = await client("everywhere");
  await c.ask("x");
  const { listeners } = JSON.parse((await w.site.weir.control("status", "--json")).stdout) as {
    listeners: { name: string; address: string; connections: number }[];
  };
  const found = listeners.find((l) => l.name === "everywhere")!;
  expect(found.address).toBe(`:${w.port["everywhere"]}/udp`);
  expect(found.connections).toBeGreaterThan(0);
});
