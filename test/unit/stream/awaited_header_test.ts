import { describe, expect, test } from "bun:test";
import { Peer } from "../exchange/site.ts";
import { INET, tlv, v2 } from "../proxy_protocol/make_header.ts";
import { TcpSite } from "./tcp_site.ts";

const CLUSTERS = `clusters: { c: { endpoints: ["127.0.0.1:9001"] }, d: { endpoints: ["127.0.0.1:9002"], proxyProtocol: v2 } }`;

/** `more`: further keys of the listener, in YAML's flow style. */
function tcp(gate: string, more = ""): string {
  return `listeners: { l: { address: "127.0.0.1:8080", protocol: tcp, to: c, proxyProtocol: { ${gate} } ${more} } }\n${CLUSTERS}`;
}

function http(gate: string, more = ""): string {
  return `
listeners: { l: { address: "127.0.0.1:8080", proxyProtocol: { ${gate} } ${more} } }
routes: [{ name: own, match: [{ path: /own }], respond: { body: own } }, { name: all, to: c }]
${CLUSTERS}`;
}

const LINE = "PROXY TCP4 192.0.2.1 198.51.100.2 1000 443\r\n";
const LOCAL = v2({ command: 0x20, family: 0, addresses: "" });
const FROM = "from: [10.0.0.0/8]";
const GET = "GET /own HTTP/1.1\r\nHost: a\r\n\r\n";

/** A client that comes from `source`. */
async function from(site: TcpSite, source: string, text = ""): Promise<Peer> {
  const peer = new Peer();
  site.platform.dial({ kind: "tcp", host: "127.0.0.1", port: 8080 }, { source }, peer);
  await site.settled();
  if (text !== "") peer.send(text);
  await site.settled();
  return peer;
}

/** By outcome, then refused connections by reason, then faults by code. */
function counted(site: TcpSite): string {
  const l = site.server.metrics.listener("l");
  return [l.proxyHeaders, l.refused, l.faults]
    .flatMap((v) => v.names.flatMap((name, i) => (v.valueAt(i) === 0 ? [] : [`${name} ${v.valueAt(i)}`])))
    .join();
}

describe("a session of TCP behind a proxy", () => {
  test("is its client's from the header on, whatever pieces it comes in", async () => {
    for (const header of [LINE, v2({ tlvs: tlv(2, "a.example") }), v2({ addresses: INET })]) {
      const site = await TcpSite.start(tcp(FROM));
      const whole = await from(site, "10.0.0.1", `${header}hello`);
      expect(site.origin().take()).toBe("hello");
      const pieces = await from(site, "10.0.0.1");
      for (const char of `${header}hello`) {
        expect(pieces.gone).toBe(false);
        pieces.send(char);
        await site.settled();
      }
      expect(site.origin().take()).toBe("hello");
      for (const c of [whole, pieces]) c.conn!.end();
      for (const o of site.origins.get(9001)!) o.conn!.end();
      await site.settled();
      expect(site.lines.map((l) => l.remoteAddress)).toEqual(["192.0.2.1", "192.0.2.1"]);
      expect(counted(site)).toBe("client 2");
      expect(site.active).toEqual([0, 0, 0, 0]);
    }
  });

  test("is not begun before the header is whole, and needs no byte behind it", async () => {
    const site = await TcpSite.start(tcp(FROM));
    const client = await from(site, "10.0.0.1", LINE.slice(0, -1));
    expect(site.origins.get(9001)).toEqual([]);
    client.send(LINE.slice(-1));
    await site.settled();
    site.origin().send("220 hello\r\n");
    await site.settled();
    expect(client.text).toBe("220 hello\r\n");
  });

  test("keeps the proxy's own ends with LOCAL and UNKNOWN", async () => {
    const site = await TcpSite.start(tcp(FROM));
    for (const header of [LOCAL, "PROXY UNKNOWN 1 2\r\n"]) {
      const client = await from(site, "10.0.0.1", `${header}x`);
      expect(site.origin().take()).toBe("x");
      client.conn!.reset();
      await site.settled();
    }
    expect(site.lines.map((l) => l.remoteAddress)).toEqual(["10.0.0.1", "10.0.0.1"]);
    expect(counted(site)).toBe("own 2,clientReset 2");
  });

  test("goes where its client's address leads, and may not come from everywhere", async () => {
    const sni = `, sni: [{ from: [192.0.2.0/24], names: [a.example], to: d }], deny: [198.51.100.0/24]`;
    const site = await TcpSite.start(tcp(FROM, sni), [9001, 9002]);
    const denied = await from(site, "10.0.0.1", "PROXY TCP4 198.51.100.9 1.1.1.1 1 2\r\nx");
    expect(denied.gone).toBe(true);
    expect(counted(site)).toBe("client 1,source 1");
    expect(site.active).toEqual([0, 0, 0, 0]);
  });

  test("begins its upstream connection with what it was told", async () => {
    const site = await TcpSite.start(tcp(FROM).replace("to: c", "to: d"), [9002]);
    const told = tlv(2, "a.example") + tlv(0xe1, "own");
    await from(site, "10.0.0.1", `${v2({ tlvs: told })}hello`);
    expect(site.origin(9002).text).toBe(`${v2({ tlvs: told })}hello`);
    await from(site, "10.0.0.1", `${LINE}hello`);
    expect(site.origin(9002).text).toBe(`${v2()}hello`);
  });
});

describe("a request behind a proxy", () => {
  test("is its client's, over HTTP/1.1", async () => {
    const site = await TcpSite.start(http(FROM));
    const client = await from(site, "10.0.0.1", `${LINE}${GET}`);
    expect(client.text).toContain("HTTP/1.1 200 OK\r\n");
    client.send(GET.replace("/own", "/up"));
    await site.settled();
    expect(site.origin().text).toMatch(/x-forwarded-for: 192\.0\.2\.1\r\n/i);
    expect(site.lines.map((l) => l.remoteAddress)).toEqual(["192.0.2.1"]);
  });

  test("is trusted by its client's address and not by the proxy's", async () => {
    const trusting = (range: string): string => http(FROM, `, forwarded: { trustedProxies: [${range}] }`);
    const asked = GET.replace("/own", "/up").replace("\r\n\r\n", "\r\nX-Forwarded-For: 7.7.7.7\r\n\r\n");
    for (const [range, want] of [
      ["10.0.0.0/8", "192.0.2.1"],
      ["192.0.2.0/24", "7.7.7.7, 192.0.2.1"],
    ] as const) {
      const site = await TcpSite.start(trusting(range));
      await from(site, "10.0.0.1", LINE + asked);
      expect(/x-forwarded-for: (.*)\r\n/i.exec(site.origin().text)?.[1]).toBe(want);
    }
  });

  test("is told from HTTP/2 by what stands behind the header", async () => {
    const site = await TcpSite.start(http(FROM, ", detect: true"));
    const client = await from(site, "10.0.0.1", `${LINE}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0`);
    // SETTINGS.
    expect(client.text.charCodeAt(3)).toBe(4);
    expect(client.gone).toBe(false);
  });
});

describe("a trusted proxy", () => {
  const rows: readonly (readonly [name: string, bytes: string, ends: boolean, flag: string, counted: string])[] = [
    ["that sends something else", GET, false, "PP", "refused 1,proxyHeader 1"],
    ["that sends a bad header", LINE.replace("1000", "01000"), false, "PP", "refused 1,proxyHeader 1"],
    ["that sends a header with another sum", v2({ tlvs: tlv(3, "abcd") }), false, "PP", "refused 1,proxyHeader 1"],
    ["that ends in the middle of it", LINE.slice(0, 9), true, "PP", "refused 1,proxyHeader 1"],
    ["that goes without a word", "", true, "", ""],
  ];
  for (const [name, bytes, ends, flag, want] of rows)
    test(`${name} is ${flag === "" ? "nothing to tell of" : "refused, counted and logged"}`, async () => {
      for (const config of [tcp(FROM), http(FROM)]) {
        const site = await TcpSite.start(config);
        const client = await from(site, "10.0.0.1", bytes);
        if (ends) client.conn!.end();
        await site.settled();
        expect([client.gone, client.text]).toEqual([true, ""]);
        expect(counted(site)).toBe(want);
        expect(site.lines.map((l) => [l.flags, l.remoteAddress])).toEqual(flag === "" ? [] : [[flag, "10.0.0.1"]]);
        expect(site.active).toEqual([0, 0, 0, 0]);
      }
    });

  test("that resets is forgotten", async () => {
    const site = await TcpSite.start(tcp(FROM));
    const client = await from(site, "10.0.0.1", "PROXY");
    client.conn!.reset();
    await site.settled();
    expect(site.active).toEqual([0, 0, 0, 0]);
  });

  test("has its time for the header, however it trickles", async () => {
    const site = await TcpSite.start(tcp(`${FROM}, timeout: 3s`));
    const client = await from(site, "10.0.0.1");
    for (let i = 0; i < 5; i++) {
      client.send(LINE[i]!);
      await site.advance(550);
      expect(client.gone).toBe(false);
    }
    await site.advance(600);
    expect(client.gone).toBe(true);
    expect(counted(site)).toBe("refused 1,headTimeout 1");
    expect(site.lines.map((l) => l.flags)).toEqual(["RT"]);
  });

  test("that need not send one is served without it", async () => {
    const site = await TcpSite.start(tcp(`${FROM}, required: false`));
    await from(site, "10.0.0.1", "hello");
    expect(site.origin().take()).toBe("hello");
    // What begins like a header has to be one.
    expect((await from(site, "10.0.0.1", "PROXY me\r\n")).gone).toBe(true);
    await from(site, "10.0.0.1", "PRO").then(async (c) => {
      expect(site.origins.get(9001)!.length).toBe(1);
      c.send("FIT");
      await site.settled();
    });
    expect(site.origin().take()).toBe("PROFIT");
    expect(counted(site)).toBe("none 2,refused 1,proxyHeader 1");
  });

  test("that need not send one may wait for the other side to speak first", async () => {
    const site = await TcpSite.start(tcp(`${FROM}, required: false, timeout: 3s`));
    const client = await from(site, "10.0.0.1");
    await site.advance(3100);
    site.origin().send("220 hello\r\n");
    await site.settled();
    expect(client.text).toBe("220 hello\r\n");
  });

  test("sends the one version that is read", async () => {
    const site = await TcpSite.start(tcp(`${FROM}, version: v2`));
    expect((await from(site, "10.0.0.1", LINE)).gone).toBe(true);
    expect((await from(site, "10.0.0.1", v2())).gone).toBe(false);
  });

  test("is let go by a drain before its header", async () => {
    const site = await TcpSite.start(tcp(FROM));
    const waiting = await from(site, "10.0.0.1", "PROXY");
    void site.server.drain();
    await site.settled();
    await site.advance(60_000);
    expect(waiting.gone).toBe(true);
    expect(counted(site)).toBe("");
  });

  test("goes on under a config that reads no headers any more", async () => {
    const site = await TcpSite.start(tcp(FROM));
    const client = await from(site, "10.0.0.1", LINE.slice(0, 20));
    await site.apply(tcp(FROM).replace(/proxyProtocol: \{ from[^}]*\}/, ""));
    client.send(`${LINE.slice(20)}hello`);
    await site.settled();
    expect(site.origin().take()).toBe("hello");
    await from(site, "10.0.0.1", `${LINE}hello`);
    expect(site.origin().take()).toBe(`${LINE}hello`);
  });
});

describe("everyone else", () => {
  test("is not served where a header is required", async () => {
    const site = await TcpSite.start(tcp(FROM));
    for (const text of ["", `${LINE}hello`]) expect((await from(site, "11.0.0.1", text)).gone).toBe(true);
    expect(site.origins.get(9001)).toEqual([]);
    expect(counted(site)).toBe("source 2");
  });

  test("is not believed where none is: a header is the bytes of a bad request", async () => {
    const site = await TcpSite.start(http(`${FROM}, required: false`));
    const plain = await from(site, "11.0.0.1", GET);
    expect(plain.text).toContain(" 200 ");
    for (const header of [LINE, v2()]) {
      const client = await from(site, "11.0.0.1", header + GET);
      expect(client.text).toContain(" 400 ");
    }
    expect(site.lines.map((l) => l.remoteAddress)).toEqual(["11.0.0.1", "11.0.0.1", "11.0.0.1"]);
    expect(counted(site)).toBe("badRequest 2");
  });
});

test("a cap on each client's connections counts those whom headers name", async () => {
  const site = await TcpSite.start(`limits: { connections: 7, connectionsPerClient: 2 }\n${tcp(`${FROM}, required: false`)}`);
  const line = (client: string): string => `PROXY TCP4 ${client} 1.1.1.1 1 2\r\nx`;
  // Many wait at the proxy, which is no client.
  const waiting = [];
  for (let i = 0; i < 4; i++) waiting.push(await from(site, "10.0.0.1"));
  expect(waiting.map((c) => c.gone)).toEqual([false, false, false, false]);
  const open = [await from(site, "10.0.0.1", line("192.0.2.1")), await from(site, "10.0.0.1", line("192.0.2.1"))];
  expect((await from(site, "10.0.0.1", line("192.0.2.1"))).gone).toBe(true);
  expect((await from(site, "10.0.0.1", line("192.0.2.2"))).gone).toBe(false);
  open[0]!.conn!.reset();
  await site.settled();
  expect((await from(site, "10.0.0.1", line("192.0.2.1"))).gone).toBe(false);
  expect(counted(site)).toContain("clientLimit 1");
  // All of them count for the process: seven are open, and those that went left their place.
  expect((await from(site, "10.0.0.1")).gone).toBe(true);
  for (const c of waiting) c.conn!.reset();
  await site.settled();
  for (let i = 0; i < 4; i++) expect((await from(site, "10.0.0.1")).gone).toBe(false);
  expect((await from(site, "10.0.0.1")).gone).toBe(true);
});
