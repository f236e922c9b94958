import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect, createServer, type Server } from "node:net";
import type { DetailedPeerCertificate } from "node:tls";
import { until } from "../support/deadline.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { get, openClient } from "../support/raw_client.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { openH2, openTls, openTlsSocket, type TlsWish } from "../support/tls_client.ts";
import { startTlsOrigin, type TlsOrigin } from "../support/tls_origin.ts";
import { Pki } from "../support/tls_pki.ts";

setDefaultTimeout(30_000);

const pki = new Pki();
let w: Listeners;
let a: TlsOrigin;
let b: TlsOrigin;
let greeter: Server;

beforeAll(async () => {
  a = await startTlsOrigin("a", pki.server("a", ["a.example", "*.example"]));
  b = await startTlsOrigin("b", pki.server("b", ["b.example", "localhost"]), ["h2", "pg"]);
  // A server that speaks first and then says back what it hears.
  greeter = createServer((s) => {
    s.on("error", () => {});
    s.write("220 ready\r\n");
    s.pipe(s);
  });
  await new Promise<void>((resolve) => greeter.listen(0, "127.0.0.1", resolve));
  const edge = pki.server("edge", ["edge.example", "end.example", "*.example"]);
  const certificates = [edge];
  const sni = [
    { names: ["a.example", "*.a.example"], to: "a" },
    { names: ["b.example"], alpn: ["pg"], to: "b" },
  ];
  const { port } = greeter.address() as { port: number };
  w = await startListeners(
    {
      pass: { protocol: "tcp", sni, timeouts: { hello: "1s" } },
      rest: { protocol: "tcp", sni, to: "greeter", detectTimeout: "200ms" },
      end: { protocol: "tcp", tls: { certificates }, to: "greeter" },
      both: { protocol: "tcp", tls: { certificates }, detect: true, to: "greeter", detectTimeout: "200ms" },
      again: { protocol: "tcp", tls: { certificates }, to: "b-tls" },
      begin: { protocol: "tcp", to: "b-tls" },
      web: {
        tls: { certificates },
        sni: [...sni, { names: ["end.example"], mode: "terminate", to: "greeter" }],
        detect: true,
        fallback: { to: "greeter" },
        detectTimeout: "200ms",
      },
    },
    {
      routes: [{ name: "all", respond: { body: "by HTTP" } }],
      clusters: {
        a: { endpoints: [`127.0.0.1:${a.port}`] },
        b: { endpoints: [`127.0.0.1:${b.port}`] },
        "b-tls": { endpoints: [`127.0.0.1:${b.port}`], tls: { ca: pki.ca, serverName: "b.example" } },
        greeter: { endpoints: [`127.0.0.1:${port}`] },
      },
    },
  );
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  await a[Symbol.asyncDispose]();
  await b[Symbol.asyncDispose]();
  await new Promise((resolve) => greeter.close(resolve));
  pki[Symbol.dispose]();
});

/** The common name of the certificate that a handshake shows, and what the server says then. */
async function meets(listener: string, wish: TlsWish): Promise<string> {
  const socket = await openTlsSocket(w.port[listener]!, wish);
  const { subject } = socket.getPeerCertificate(true) as DetailedPeerCertificate;
  const peer = new RawPeer(socket);
  const said = await peer.readUntil(";").catch(() => "nothing");
  peer.destroy();
  return `${String(subject.CN)}: ${said}`;
}

function line(listener: string, name: string): Record<string, unknown> | undefined {
  return w.site.log().find((l) => l["listener"] === listener && l["flags"] === name);
}

describe("passthrough", () => {
  test("goes to the server of the name, whose certificate the client sees", async () => {
    expect(await meets("pass", { name: "a.example" })).toBe("a: this is a;");
    expect(await meets("pass", { name: "x.y.a.example" })).toBe("a: this is a;");
    expect(await meets("pass", { name: "b.example", alpn: ["pg", "h2"] })).toBe("b: this is b;");
    expect(a.seen.at(-1)!.name).toBe("x.y.a.example");
    expect(b.seen.at(-1)).toEqual({ name: "b.example", alpn: "h2" });
  });

  test("refuses what no entry takes, with an alert that says so", async () => {
    for (const wish of [{ name: "b.example" }, { name: "c.example" }, {}]) {
      const failed = await openTlsSocket(w.port["pass"]!, wish).catch((e: Error) => e.message);
      expect(failed).toMatch(/unrecognized|alert|closed|disconnected|reset/i);
    }
    await until("the log", () => line("pass", "NR") !== undefined);
    const cleartext = await openClient(w.port["pass"]!);
    await cleartext.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    expect(await cleartext.left()).not.toBe("open");
  });

  test("takes a hello cut anywhere", async () => {
    // The socket in between cuts what the client's TLS writes.
    for (const cut of [1, 2, 5, 6, 43, 100, 200]) {
      const raw = connect(w.port["pass"]!, "127.0.0.1");
      const write = raw.write.bind(raw);
      let first = true;
      const cutter = (chunk: Uint8Array | string, ...more: unknown[]): boolean => {
        if (first && typeof chunk !== "string" && chunk.length > cut) {
          first = false;
          write(chunk.subarray(0, cut));
          setTimeout(() => write(chunk.subarray(cut), ...(more as [])), 20);
          return true;
        }
        return write(chunk, ...(more as []));
      };
      raw.write = cutter as typeof raw.write;
      const socket = await openTlsSocket(0, { name: "a.example", socket: raw });
      const peer = new RawPeer(socket);
      expect(await peer.readUntil(";")).toBe("this is a;");
      peer.destroy();
    }
  });

  test("gives a slow hello its time and no more", async () => {
    const client = await openClient(w.port["pass"]!);
    await client.send("\x16\x03\x01");
    expect(await client.left()).not.toBe("open");
  });

  test("what no entry takes goes to the rest, also when the server speaks first", async () => {
    const silent = await openClient(w.port["rest"]!);
    expect(await silent.readUntil("\n")).toBe("220 ready\r\n");
    await silent.send("hello");
    expect(await silent.readUntil("o")).toBe("hello");
    const loud = await openClient(w.port["rest"]!);
    await loud.send("quit");
    expect(await loud.readUntil("quit")).toBe("220 ready\r\nquit");
    for (const c of [silent, loud]) c.destroy();
    expect(await meets("rest", { name: "a.example" })).toBe("a: this is a;");
  });
});

describe("TLS that ends here", () => {
  test("carries a session inside, to its orderly end", async () => {
    const client = await openTls(w.port["end"]!, { name: "edge.example", alpn: [] });
    expect(await client.readUntil("\n")).toBe("220 ready\r\n");
    const big = "0123456789".repeat(100_000);
    await client.send(`${big}!`);
    expect((await client.readUntil("!")).length).toBe(big.length + 1);
    client.end();
    expect(await client.left()).toBe("end");
    const ends = (): unknown => w.site.log().find((l) => l["listener"] === "end");
    await until("the log", () => ends() !== undefined);
    expect(ends()).toMatchObject({ protocol: "TCP", host: "edge.example", request_body_bytes: big.length + 1, flags: "" });
  });

  test("takes cleartext only where it was asked for", async () => {
    const refused = await openClient(w.port["end"]!);
    await refused.send("hello");
    expect(await refused.left()).not.toBe("open");
    for (const first of ["", "hello"]) {
      const taken = await openClient(w.port["both"]!);
      if (first !== "") await taken.send(first);
      expect(await taken.readUntil("\n")).toBe("220 ready\r\n");
      taken.destroy();
    }
    const secure = await openTls(w.port["both"]!, { name: "edge.example", alpn: [] });
    expect(await secure.readUntil("\n")).toBe("220 ready\r\n");
    secure.destroy();
  });

  test("begins anew towards the upstream, and no protocol is offered that nobody asked for", async () => {
    const client = await openTls(w.port["again"]!, { name: "edge.example", alpn: [] });
    expect(await client.readUntil(";")).toBe("this is b;");
    await client.send("hi");
    expect(await client.readUntil("]")).toBe("[hi]");
    client.destroy();
    expect(b.seen.at(-1)).toEqual({ name: "b.example", alpn: false });
    const plain = await openClient(w.port["begin"]!);
    expect(await plain.readUntil(";")).toBe("this is b;");
    plain.destroy();
  });
});

describe("one port for everything", () => {
  test("tells HTTP, TLS to be ended, TLS to be passed and other protocols apart", async () => {
    const at = w.port["web"]!;
    expect((await get(at, "/", "edge.example")).body).toBe("by HTTP");
    const secure = await openTls(at, { name: "edge.example" });
    await secure.send("GET / HTTP/1.1\r\nHost: edge.example\r\n\r\n");
    expect((await secure.response()).body).toBe("by HTTP");
    secure.destroy();
    expect(await meets("web", { name: "a.example" })).toBe("a: this is a;");
    const ended = await openTls(at, { name: "end.example", alpn: [] });
    expect(await ended.readUntil("\n")).toBe("220 ready\r\n");
    ended.destroy();
    for (const first of ["", "SSH-2.0-x\r\n", "\0\x01\x02"]) {
      const client = await openClient(at);
      if (first !== "") await client.send(first);
      expect(await client.readUntil("\n")).toBe("220 ready\r\n");
      if (first !== "") expect(await client.readUntil(first)).toBe(first);
      client.destroy();
    }
  });

  test("a request for a name that goes elsewhere is misdirected, so that its client asks again", async () => {
    using h2 = await openH2(w.port["web"]!, { name: "edge.example" });
    const names = ["edge.example", "a.example", "end.example", "b.example"];
    const got = await Promise.all(names.map(async (n) => (await h2.get(n, "/").done()).status));
    expect(got).toEqual([200, 421, 421, 200]);
  });
});
