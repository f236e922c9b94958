import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import type { TLSSocket } from "node:tls";
import { turn, until } from "../support/deadline.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { ask, openClient } from "../support/raw_client.ts";
import { type RawOrigin, startOrigin } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { openH2, openTlsSocket } from "../support/tls_client.ts";
import { startTlsOrigin, type TlsOrigin } from "../support/tls_origin.ts";
import { Pki } from "../support/tls_pki.ts";
import type { LogLine } from "../support/weir.ts";
import { summed, tlv, v2 } from "../unit/proxy_protocol/make_header.ts";

setDefaultTimeout(30_000);

const pki = new Pki();
let w: Listeners;
/** Takes connections and does nothing by itself. */
let raw: RawOrigin;
let tlsOrigin: TlsOrigin;

const FROM = { from: ["loopback"] };

beforeAll(async () => {
  raw = await startOrigin({});
  tlsOrigin = await startTlsOrigin("a", pki.server("a", ["a.example"]));
  const certificates = [pki.server("site", ["site.example"])];
  const sent = (version: unknown): object => ({ endpoints: [`127.0.0.1:${raw.port}`], proxyProtocol: version });
  w = await startListeners(
    {
      web: { proxyProtocol: FROM },
      secure: { tls: { certificates }, detect: true, proxyProtocol: FROM },
      db: { protocol: "tcp", to: "v2", proxyProtocol: FROM },
      db1: { protocol: "tcp", to: "v1", proxyProtocol: FROM },
      plain: { protocol: "tcp", to: "summed" },
      pass: { protocol: "tcp", sni: [{ names: ["a.example"], to: "a" }], proxyProtocol: FROM },
      slow: { proxyProtocol: { ...FROM, timeout: "500ms" } },
      mixed: { proxyProtocol: { ...FROM, required: false } },
      strangers: { proxyProtocol: { from: ["10.0.0.0/8"], required: false } },
      closed: { proxyProtocol: { from: ["10.0.0.0/8"] } },
      ranges: { proxyProtocol: FROM, deny: ["203.0.113.0/24"] },
      // To the listener `secure` of this same weir, over TLS behind a header.
      loop: { proxyProtocol: FROM },
      loop1: { proxyProtocol: FROM },
    },
    {
      routes: [
        { name: "loop", listeners: ["loop"], to: "loop" },
        { name: "loop1", listeners: ["loop1"], to: "loop1" },
        { name: "sent", match: [{ prefix: "/sent" }], to: "v1" },
        { name: "echo", to: "origin" },
      ],
      clusters: {
        v1: sent("v1"),
        v2: sent("v2"),
        summed: sent({ version: "v2", checksum: true }),
        a: { endpoints: [`127.0.0.1:${tlsOrigin.port}`] },
        loop: { endpoints: ["127.0.0.1:1"] },
        loop1: { endpoints: ["127.0.0.1:1"] },
      },
    },
  );
  const endpoints = [`127.0.0.1:${w.port["secure"]}`];
  const tls = { ca: pki.ca, serverName: "site.example" };
  const { config, weir } = w.site;
  weir.rewrite({
    ...config,
    clusters: {
      ...(config["clusters"] as object),
      loop: { endpoints, tls, proxyProtocol: "v2" },
      loop1: { endpoints, tls, proxyProtocol: "v1", protocol: "http1" },
    },
  });
  expect((await weir.control("reload")).code).toBe(0);
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  await raw.close();
  await tlsOrigin[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});

const line = (client: string): string => `PROXY TCP4 ${client} 198.51.100.2 1000 443\r\n`;
const getOf = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: site.example\r\n\r\n`;

/** A connection on which a header has been sent. */
async function open(listener: string, header: string): Promise<RawPeer> {
  const client = await openClient(w.port[listener]!);
  await client.send(header);
  return client;
}

/** A handshake behind a header that is cut into pieces of `size`. */
async function openBehind(listener: string, header: string, size: number): Promise<TLSSocket> {
  const socket = connect(w.port[listener]!, "127.0.0.1");
  await new Promise<void>((resolve, reject) => socket.once("error", reject).once("connect", resolve));
  socket.setNoDelay(true);
  for (let i = 0; i < header.length; i += size) {
    socket.write(Buffer.from(header.slice(i, i + size), "latin1"));
    await turn(1);
  }
  return await openTlsSocket(0, { socket, name: "site.example", alpn: ["http/1.1"] });
}

/** The access log's line of a path. */
function logged(path: string, listener: string): Promise<LogLine> {
  const find = (): LogLine | undefined => w.site.log().find((l) => l["path"] === path && l["listener"] === listener);
  return until(`a line of ${path} on ${listener}`, () => find() !== undefined).then(() => find()!);
}

function counted(listener: string, outcome: string): Promise<number> {
  return w.site.weir.metric("weir_listener_proxy_headers_total", { listener, outcome });
}

describe("a header of a proxy that is believed", () => {
  for (const [name, header] of [
    ["version 1", line("192.0.2.1")],
    ["version 2", v2()],
    ["version 2 with a sum", summed({ tlvs: tlv(2, "a.example") })],
  ] as const)
    test(`${name} names the client of a request`, async () => {
      const path = `/${name.replaceAll(" ", "-")}`;
      using client = await open("web", header + getOf(path));
      const { body } = await client.response();
      expect(body).toMatch(/^x-forwarded-for: 192\.0\.2\.1\r$/im);
      expect(body).not.toContain("PROXY");
      expect(await logged(path, "web")).toMatchObject({ remote_address: "192.0.2.1", client_address: "192.0.2.1" });
    });

  test("of IPv6", async () => {
    using client = await open("web", `PROXY TCP6 2001:DB8::0:1 2001:db8::2 1 2\r\n${getOf("/six")}`);
    expect((await client.response()).body).toMatch(/^x-forwarded-for: 2001:db8::1\r$/im);
  });

  test("stands before TLS, in whatever pieces it comes", async () => {
    for (const [i, size] of [1, 20, 4096].entries()) {
      const socket = await openBehind("secure", v2({ tlvs: tlv(0xe0, "x".repeat(60)) }), size);
      socket.write(getOf(`/pieces${i}`));
      await logged(`/pieces${i}`, "secure").then((l) => expect(l["remote_address"]).toBe("192.0.2.1"));
      socket.destroy();
    }
  });

  test("and the first bytes of TLS come in one piece", async () => {
    const socket = connect(w.port["secure"]!, "127.0.0.1");
    socket.cork();
    socket.write(line("192.0.2.7"));
    const secure = openTlsSocket(0, { socket, name: "site.example", alpn: ["http/1.1"] });
    socket.uncork();
    const client = await secure;
    client.write(getOf("/one-piece"));
    expect((await logged("/one-piece", "secure"))["remote_address"]).toBe("192.0.2.7");
    client.destroy();
  });

  test("stands before HTTP/2, over TLS and in cleartext", async () => {
    const socket = connect(w.port["secure"]!, "127.0.0.1");
    socket.write(line("192.0.2.3"));
    const h2 = await openH2(0, { socket, name: "site.example" });
    h2.socket.destroy();
    using clear = await open("secure", `${line("192.0.2.3")}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0`);
    await until("SETTINGS", () => clear.received.length >= 9);
    expect(clear.received.charCodeAt(3)).toBe(4);
  });

  test("of LOCAL leaves the proxy's own address", async () => {
    using client = await open("web", v2({ command: 0x20, family: 0, addresses: "" }) + getOf("/local"));
    expect((await client.response()).body).toMatch(/^x-forwarded-for: 127\.0\.0\.1\r$/im);
    expect(await counted("web", "own")).toBe(1);
  });

  test("decides whether the client may come in", async () => {
    using denied = await open("ranges", line("203.0.113.9") + getOf("/denied"));
    expect(await denied.left()).not.toBe("open");
    expect(denied.received).toBe("");
    using allowed = await open("ranges", line("192.0.2.1") + getOf("/allowed"));
    expect((await allowed.response()).status).toBe(200);
    expect(await w.site.weir.metric("weir_listener_refused_connections_total", { listener: "ranges", reason: "source" })).toBe(1);
  });

  test("stands before a hello that is passed on", async () => {
    const socket = connect(w.port["pass"]!, "127.0.0.1");
    socket.write(Buffer.from(v2(), "latin1"));
    const client = await openTlsSocket(0, { socket, name: "a.example" });
    expect(client.getPeerCertificate().subject.CN).toBe("a");
    client.destroy();
    await until("the session's line", () =>
      w.site.log().some((l) => l["listener"] === "pass" && l["remote_address"] === "192.0.2.1"),
    );
  });
});

describe("a proxy that is believed and does not keep to it", () => {
  const rows: readonly (readonly [name: string, bytes: string])[] = [
    ["a request", getOf("/")],
    ["a leading zero", line("192.0.2.1").replace("1000", "01000")],
    ["another sum", v2({ tlvs: tlv(3, "abcd") })],
    ["two names", v2({ tlvs: tlv(2, "a") + tlv(2, "b") })],
    ["a line without an end", `PROXY UNKNOWN ${"x".repeat(200)}`],
  ];
  for (const [name, bytes] of rows)
    test(`${name} is refused, counted and logged`, async () => {
      const lines = (): LogLine[] => w.site.log().filter((l) => l["listener"] === "web" && l["flags"] === "PP");
      const before = [await counted("web", "refused"), lines().length];
      using client = await open("web", bytes);
      expect(await client.left()).not.toBe("open");
      expect(client.received).toBe("");
      await until("its line", () => lines().length > before[1]!);
      expect(await counted("web", "refused")).toBe(before[0]! + 1);
    });

  test("is told in the event log", () => {
    expect(w.site.weir.stderr).toContain("a PROXY header was refused");
  });

  test("a header that does not come is waited for no longer than its time", async () => {
    using client = await open("slow", "PROXY TCP4");
    expect(await client.left()).not.toBe("open");
    await until("its line", () => w.site.log().some((l) => l["listener"] === "slow" && l["flags"] === "RT"));
  });

  test("a connection without a byte, as health checks make, is nothing to tell of", async () => {
    const before = await w.site.weir.metric("weir_listener_faults_total", { listener: "db" });
    for (let i = 0; i < 5; i++) (await openClient(w.port["db"]!)).destroy();
    await until(
      "them to be gone",
      async () => (await w.site.weir.metric("weir_listener_connections_active", { listener: "db" })) === 0,
    );
    expect(await w.site.weir.metric("weir_listener_faults_total", { listener: "db" })).toBe(before);
    expect(w.site.log().filter((l) => l["listener"] === "db")).toEqual([]);
  });

  test("need not send one where it is not required", async () => {
    expect((await ask(w.port["mixed"]!, getOf("/mixed"))).status).toBe(200);
    using client = await open("mixed", line("192.0.2.8") + getOf("/mixed8"));
    await client.response();
    expect((await logged("/mixed", "mixed"))["remote_address"]).toBe("127.0.0.1");
    expect((await logged("/mixed8", "mixed"))["remote_address"]).toBe("192.0.2.8");
  });
});

describe("a peer that is not believed", () => {
  test("is served without a header where none is required, and its header is a bad request", async () => {
    expect((await ask(w.port["strangers"]!, getOf("/strangers"))).status).toBe(200);
    expect((await logged("/strangers", "strangers"))["remote_address"]).toBe("127.0.0.1");
    for (const header of [line("10.0.0.1"), v2()]) {
      using client = await open("strangers", header + getOf("/forged"));
      expect((await client.response()).status).toBe(400);
    }
  });

  test("is not served where one is required", async () => {
    using client = await open("closed", line("10.0.0.1") + getOf("/closed"));
    expect(await client.left()).not.toBe("open");
    expect(client.received).toBe("");
    expect(await w.site.weir.metric("weir_listener_refused_connections_total", { listener: "closed", reason: "source" })).toBe(1);
  });
});

describe("a header that is sent", () => {
  test("begins a session, with what the client's header told", async () => {
    const told = tlv(1, "h2") + tlv(2, "far.example") + tlv(5, "id-1") + tlv(0xe3, "own");
    using client = await open("db", `${v2({ tlvs: told })}hello`);
    const up = await raw.connection();
    await up.readUntil("hello");
    expect(up.received).toBe(`${v2({ tlvs: told })}hello`);
    await up.send("there");
    expect(await client.readUntil("there")).toBe("there");
    up.destroy();
    await client.left();
  });

  test("is there before the client's first byte, and of the version that the cluster says", async () => {
    using client = await open("db1", v2());
    const up = await raw.connection();
    expect(await up.readUntil("\r\n")).toBe("PROXY TCP4 192.0.2.1 198.51.100.2 1000 443\r\n");
    up.destroy();
    await client.left();
  });

  test("tells of a client that stands behind no proxy", async () => {
    using client = await openClient(w.port["plain"]!);
    await client.send("hello");
    const up = await raw.connection();
    await up.readUntil("hello");
    const u16 = (n: number): string => String.fromCharCode(n >> 8, n & 255);
    const loopback = "\x7f\0\0\x01";
    const addresses = loopback + loopback + u16(client.socket.localPort!) + u16(w.port["plain"]!);
    expect(up.received).toBe(`${summed({ addresses })}hello`);
    up.destroy();
    await client.left();
  });

  test("begins each client's connection to an HTTP cluster, and no two clients share one", async () => {
    using one = await open("web", line("192.0.2.11"));
    using two = await open("web", line("192.0.2.12"));
    const ups: RawPeer[] = [];
    for (const [client, path] of [
      [one, "/sent/1"],
      [two, "/sent/2"],
    ] as const) {
      await client.send(getOf(path));
      const up = await raw.connection();
      ups.push(up);
      await up.readUntil("\r\n\r\n");
      await up.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      expect((await client.response()).status).toBe(200);
    }
    expect(ups.map((u) => u.received.slice(0, u.received.indexOf("\r\n")))).toEqual([
      "PROXY TCP4 192.0.2.11 198.51.100.2 1000 443",
      "PROXY TCP4 192.0.2.12 198.51.100.2 1000 443",
    ]);
    // The second request of the first client goes where its first went, without another header.
    await one.send(getOf("/sent/3"));
    await until("the third request", () => ups[0]!.received.includes("/sent/3"));
    expect(ups[0]!.received.match(/PROXY/g)).toHaveLength(1);
    await ups[0]!.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await one.response();
    // What is kept for a client goes with it.
    one.destroy();
    await until("the first client's connection to end", () => ups[0]!.ending !== "open");
    expect(ups[1]!.ending).toBe("open");
  });

  for (const [listener, protocol] of [
    ["loop", "HTTP/2"],
    ["loop1", "HTTP/1.1"],
  ] as const)
    test(`stands before TLS to the upstream, over ${protocol}`, async () => {
      for (const client of ["192.0.2.21", "192.0.2.22"]) {
        const path = `/${listener}-${client}`;
        using down = await open(listener, line(client) + getOf(path));
        expect((await down.response()).status).toBe(200);
        expect(await logged(path, "secure")).toMatchObject({ remote_address: client, protocol });
      }
    });

  test("leaves nothing open", async () => {
    for (const listener of ["db", "web", "secure", "loop", "loop1", "plain"]) {
      await until(`the connections of ${listener} to end`, async () => {
        return (await w.site.weir.metric("weir_listener_connections_active", { listener })) === 0;
      });
    }
    await until(
      "upstream connections to end",
      async () => (await w.site.weir.metric("weir_cluster_connections_active", { cluster: "loop" })) === 0,
    );
    expect(await w.site.weir.metric("weir_callback_throws_total")).toBe(0);
  });
});
