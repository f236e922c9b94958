import { describe, expect, test } from "bun:test";
import { alpn, helloMessage, records, sni } from "../tls/hello/make_hello.ts";
import { TcpSite } from "./tcp_site.ts";

const PORTS = [9001, 9002, 9003];
const CLUSTERS = `clusters: { c: { endpoints: ["127.0.0.1:9001"] }, d: { endpoints: ["127.0.0.1:9002"] }, e: { endpoints: ["127.0.0.1:9003"] } }`;

function hello(name: string, ...protocols: string[]): string {
  const extensions = [...(name === "" ? [] : [sni(name)]), ...(protocols.length === 0 ? [] : [alpn(...protocols)])];
  return records(helloMessage({ extensions }));
}

/** The ports of the origins that were reached, with what they got. */
async function reached(site: TcpSite): Promise<Record<number, string>> {
  await site.settled();
  const out: Record<number, string> = {};
  for (const [port, peers] of site.origins) if (peers.length > 0) out[port] = peers.map((p) => p.text).join("|");
  return out;
}

const SNI = `listeners:
  l:
    address: "127.0.0.1:8080"
    protocol: tcp
    timeouts: { hello: 3s }
    sni:
      - { names: [a.example, "*.wild.example"], to: c }
      - { names: [b.example], alpn: [h2], to: d }
      - { names: [b.example], from: [10.0.0.0/8], to: e }
`;
const WITH_REST = `${SNI}    to: e\n${CLUSTERS}`;

describe("sni", () => {
  test("chooses the cluster, and the hello goes there as it came, wherever it was cut", async () => {
    const bytes = hello("a.example", "http/1.1");
    for (let cut = 1; cut < bytes.length; cut++) {
      const site = await TcpSite.start(WITH_REST, PORTS);
      const client = await site.client(bytes.slice(0, cut));
      expect(await reached(site)).toEqual({});
      client.send(bytes.slice(cut));
      expect(await reached(site)).toEqual({ 9001: bytes });
    }
  });

  test("reads a hello that is spread over records", async () => {
    const bytes = records(helloMessage({ extensions: [sni("x.y.wild.example")] }), 7);
    const site = await TcpSite.start(WITH_REST, PORTS);
    await site.client(bytes);
    expect(await reached(site)).toEqual({ 9001: bytes });
  });

  test("logs the name", async () => {
    const site = await TcpSite.start(WITH_REST, PORTS);
    (await site.client(hello("A.example"))).conn!.reset();
    await site.settled();
    expect(site.lines).toEqual([
      expect.objectContaining({ serverName: "a.example", authority: "a.example", scheme: "tls", cluster: "c" }),
    ]);
  });

  const rows: readonly (readonly [string, string, Record<number, string> | null])[] = [
    ["a protocol", hello("b.example", "x", "h2"), { 9002: hello("b.example", "x", "h2") }],
    ["none of its entries", hello("b.example"), { 9003: hello("b.example") }],
    ["another name", hello("example.org"), { 9003: hello("example.org") }],
    ["no name", hello(""), { 9003: hello("") }],
    ["no TLS", "\0\0\0\x08\x04\xd2\x16\x2f", { 9003: "\0\0\0\x08\x04\xd2\x16\x2f" }],
    ["HTTP", "GET / HTTP/1.1\r\n", { 9003: "GET / HTTP/1.1\r\n" }],
    ["a handshake byte and no TLS", "\x16\x04\x01", { 9003: "\x16\x04\x01" }],
  ];
  for (const [name, bytes, want] of rows)
    test(`sends ${name} where it belongs, and refuses what has no place`, async () => {
      const site = await TcpSite.start(WITH_REST, PORTS);
      await site.client(bytes);
      expect(await reached(site)).toEqual(want!);
      const strict = await TcpSite.start(`${SNI}${CLUSTERS}`, PORTS);
      const client = await strict.client(bytes);
      const named = want![9002] !== undefined;
      expect(client.gone).toBe(!named);
      if (named) return;
      const isHello = bytes.startsWith("\x16\x03");
      // unrecognized_name
      if (isHello) expect(client.text).toBe("\x15\x03\x03\0\x02\x02p");
      expect(strict.lines.map((r) => r.flags)).toEqual(["NR"]);
      expect(strict.active).toEqual([0, 0, 0, 0]);
    });

  test("gives a hello its time, and refuses a broken one", async () => {
    const site = await TcpSite.start(WITH_REST, PORTS);
    const slow = await site.client(hello("a.example").slice(0, 20));
    await site.advance(2_900);
    expect(slow.gone).toBe(false);
    await site.advance(200);
    expect(slow.gone).toBe(true);
    const broken = await site.client(records("\x01\0\0\x04\x03\x03\0\0"));
    expect([broken.gone, broken.text.startsWith("\x15\x03")]).toEqual([true, true]);
    expect(await reached(site)).toEqual({});
    expect(site.lines.map((r) => r.flags)).toEqual(["RT", "UF"]);
  });

  test("waits for a client that sends nothing, but not longer than for a server that speaks first", async () => {
    const site = await TcpSite.start(WITH_REST, PORTS);
    await site.client();
    await site.advance(900);
    expect(await reached(site)).toEqual({});
    await site.advance(200);
    expect(await reached(site)).toEqual({ 9003: "" });
    const strict = await TcpSite.start(`${SNI}${CLUSTERS}`, PORTS);
    const client = await strict.client();
    await strict.advance(2_900);
    expect(client.gone).toBe(false);
    await strict.advance(200);
    expect([client.gone, await reached(strict)]).toEqual([true, {}]);
  });
});

describe("detect with a fallback", () => {
  const CONFIG = `listeners: { l: { address: "127.0.0.1:8080", detect: true, fallback: { to: c }, detectTimeout: 500ms } }
routes: [{ respond: { body: "by HTTP" } }]
${CLUSTERS}`;
  const HTTP = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

  test("serves HTTP, however it is cut", async () => {
    for (let cut = 1; cut < HTTP.length; cut++) {
      const site = await TcpSite.start(CONFIG, PORTS);
      const client = await site.client(HTTP.slice(0, cut));
      client.send(HTTP.slice(cut));
      await site.settled();
      expect(client.text).toEndWith("by HTTP");
      expect(await reached(site)).toEqual({});
    }
  });

  const others: readonly (readonly [string, string])[] = [
    ["a binary protocol", "\0\0\0\x08\x04\xd2\x16\x2f"],
    ["SSH", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["Redis", "*1\r\n$4\r\nPING\r\n"],
    ["Redis, inline", "PING\r\n"],
    ["text that looks like a method", "SET key value\r\n"],
    ["AMQP", "AMQP\0\0\x09\x01"],
    ["TLS that nobody ends", hello("a.example")],
    ["a long word", `${"A".repeat(100)} `],
  ];
  for (const [name, bytes] of others)
    test(`passes on ${name}, however it is cut`, async () => {
      for (let cut = 1; cut < bytes.length; cut++) {
        const site = await TcpSite.start(CONFIG, PORTS);
        const client = await site.client(bytes.slice(0, cut));
        client.send(bytes.slice(cut));
        expect(await reached(site)).toEqual({ 9001: bytes });
      }
    });

  test("passes on a client that waits for the server to speak first", async () => {
    const site = await TcpSite.start(CONFIG, PORTS);
    const client = await site.client();
    await site.advance(600);
    site.origin().send("220 hello\r\n");
    await site.settled();
    expect(client.take()).toBe("220 hello\r\n");
    client.send(HTTP);
    expect(await reached(site)).toEqual({ 9001: HTTP });
  });

  test("passes on a short word with a FIN behind it", async () => {
    const site = await TcpSite.start(CONFIG, PORTS);
    const client = await site.client("PING");
    expect(await reached(site)).toEqual({});
    client.conn!.end();
    expect(await reached(site)).toEqual({ 9001: "PING" });
    expect(site.origin().ended).toBe(true);
    site.origin().send("PONG");
    await site.settled();
    expect(client.text).toBe("PONG");
  });

  test("waits for what began and may be HTTP, up to the head's time", async () => {
    const site = await TcpSite.start(CONFIG, PORTS);
    const client = await site.client("GET /");
    await site.advance(9_900);
    expect(client.gone).toBe(false);
    await site.advance(200);
    expect([client.gone, await reached(site)]).toEqual([true, {}]);
  });

  test("without one, what is no HTTP is the codec's to refuse", async () => {
    const site = await TcpSite.start(CONFIG.replace("fallback: { to: c }, ", ""), PORTS);
    const client = await site.client("SSH-2.0-OpenSSH_9.2\r\n");
    expect(client.text).toStartWith("HTTP/1.1 400");
  });
});

test("HTTP in cleartext and TLS that is passed on can share a port", async () => {
  const site = await TcpSite.start(
    `listeners: { l: { address: "127.0.0.1:8080", sni: [{ names: a.example, to: c }] } }
routes: [{ respond: { body: "by HTTP" } }]
${CLUSTERS}`,
    PORTS,
  );
  const client = await site.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  expect(client.text).toEndWith("by HTTP");
  await site.client(hello("a.example"));
  expect(await reached(site)).toEqual({ 9001: hello("a.example") });
  expect((await site.client(hello("b.example"))).gone).toBe(true);
});
