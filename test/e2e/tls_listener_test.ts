import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect as connectTls, type DetailedPeerCertificate } from "node:tls";
import { until } from "../support/deadline.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { dns, uses } from "../support/mint.ts";
import { curl } from "../support/program.ts";
import { get, openClient } from "../support/raw_client.ts";
import { subject } from "../support/subject.ts";
import { getOf, openH2, openTls, openTlsSocket, sClient, type TlsWish } from "../support/tls_client.ts";
import { Pki, SERVER_USE } from "../support/tls_pki.ts";
import { runWeir } from "../support/weir.ts";

setDefaultTimeout(30_000);

const onDeno = subject === "deno";
const pki = new Pki();
let w: Listeners;

beforeAll(async () => {
  const site = pki.server("site", ["site.example", "*.wild.example"]);
  const rsa = pki.server("rsa", ["site.example"], { key: "rsa2048" });
  const exact = pki.server("exact", ["one.wild.example"]);
  const strict = pki.server("strict", ["strict.example"]);
  w = await startListeners(
    {
      web: {
        tls: {
          certificates: [site, rsa, exact],
          names: [
            { hosts: "strict.example", certificates: [strict], minVersion: "1.3" },
            { hosts: "old.example", alpn: ["http/1.1"], maxVersion: "1.2" },
          ],
        },
        timeouts: { head: "1s" },
      },
      picky: { tls: { certificates: [site], unknownName: "refuse" } },
      detect: { detect: true, tls: { certificates: [site] } },
      clear: { detect: true },
    },
    {
      routes: [
        { name: "echo", match: [{ prefix: "/echo" }], to: "origin" },
        { name: "all", respond: { body: "hello\n" } },
      ],
    },
  );
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});

/** The common name of the certificate that a handshake shows. */
async function shown(port: number, wish: TlsWish = {}): Promise<string> {
  const socket = await openTlsSocket(port, wish);
  const { subject: of } = socket.getPeerCertificate(true) as DetailedPeerCertificate;
  socket.destroy();
  return String(of.CN);
}

describe("a certificate by the name that is asked for", () => {
  const rows: [name: string | undefined, wanted: string][] = [
    ["site.example", "site"],
    ["SITE.example", "site"],
    ["two.wild.example", "site"],
    ["one.wild.example", "exact"],
    ["strict.example", "strict"],
    // One label alone (RFC 9525 6.3); what none has gets the default.
    ["a.two.wild.example", "site"],
    ["wild.example", "site"],
    ["other.example", "site"],
    [undefined, "site"],
  ];
  for (const [name, wanted] of rows)
    test(`${name ?? "no name"}: ${wanted}`, async () => {
      expect(await shown(w.port["web"]!, name === undefined ? {} : { name })).toBe(wanted);
    });

  test("unknownName: refuse answers with the alert unrecognized_name, also where no name is asked for", async () => {
    expect(await shown(w.port["picky"]!, { name: "site.example" })).toBe("site");
    for (const name of [["-servername", "other.example"], ["-noservername"]]) {
      const got = await sClient(w.port["picky"]!, "", ...name);
      expect(got.stderr).toContain("tlsv1 unrecognized name");
      expect(got.code).not.toBe(0);
    }
  });

  for (const literal of ["127.0.0.1", "::1", "2001:db8::1"])
    test(`an address asks for no name (RFC 6066 3): ${literal}`, async () => {
      for (const version of ["-tls1_3", "-tls1_2"]) {
        const got = await sClient(w.port["web"]!, getOf("site.example", "/"), "-servername", literal, version);
        expect(got.stdout).toMatch(/subject=CN ?= ?site\n/);
        expect(got.stdout).toContain("hello");
      }
      expect((await sClient(w.port["picky"]!, "", "-servername", literal)).stderr).toContain("tlsv1 unrecognized name");
    });

  test("what is neither a name nor an address is refused", async () => {
    for (const odd of ["127.1", "0x7f.1.0x1", "[::1]", "site.example."]) {
      const got = await sClient(w.port["web"]!, getOf("site.example", "/"), "-servername", odd);
      expect([odd, got.stderr]).toEqual([odd, expect.stringContaining("illegal parameter")]);
    }
  });

  test("ECDSA and RSA side by side, by what the client can verify", async () => {
    for (const version of ["-tls1_3", "-tls1_2"]) {
      const args = [version, "-servername", "site.example"];
      const both = await sClient(w.port["web"]!, getOf("site.example", "/"), ...args);
      expect(both.stdout).toContain("Peer signature type: ECDSA");
      const algorithms = version === "-tls1_3" ? "RSA-PSS+SHA256" : "RSA-PSS+SHA256:RSA+SHA256";
      const rsa = await sClient(w.port["web"]!, getOf("site.example", "/"), ...args, "-sigalgs", algorithms);
      expect(rsa.stdout).toContain("Peer signature type: RSA-PSS");
      expect(rsa.stdout).toContain("hello");
      const ecdsa = await sClient(w.port["web"]!, getOf("site.example", "/"), ...args, "-sigalgs", "ECDSA+SHA256");
      expect(ecdsa.stdout).toContain("Peer signature type: ECDSA");
    }
  });
});

describe("ALPN", () => {
  const rows: [offered: string[] | undefined, agreed: string | false][] = [
    [["h2", "http/1.1"], "h2"],
    [["http/1.1", "h2"], "h2"],
    [["http/1.1"], "http/1.1"],
    [["acme/1", "http/1.1"], "http/1.1"],
    [undefined, false],
  ];
  for (const [offered, agreed] of rows)
    test(`${offered?.join() ?? "nothing"} offered: ${agreed}`, async () => {
      const wish = offered === undefined ? { name: "site.example" } : { name: "site.example", alpn: offered };
      const socket = await openTlsSocket(w.port["web"]!, wish);
      expect(socket.alpnProtocol || false).toBe(agreed);
      socket.destroy();
    });

  test("nothing in common is the alert no_application_protocol (RFC 7301 3.2)", async () => {
    const got = await sClient(w.port["web"]!, "", "-servername", "site.example", "-alpn", "acme/1");
    expect(got.stderr).toContain("no application protocol");
  });

  test("a name's own list, and curl by either version", async () => {
    const at = ["--resolve", `*:${w.port["web"]}:127.0.0.1`, "-k", "-w", "%{http_version}", "-o", "/dev/null"];
    expect((await curl(...at, `https://site.example:${w.port["web"]}/`)).stdout).toBe("2");
    expect((await curl(...at, "--http1.1", `https://site.example:${w.port["web"]}/`)).stdout).toBe("1.1");
    expect((await curl(...at, `https://old.example:${w.port["web"]}/`)).stdout).toBe("1.1");
  });
});

describe("versions and lists", () => {
  const hellos: [args: string[], wanted: RegExp][] = [
    [["-servername", "site.example", "-tls1_2"], /Protocol {2}: TLSv1.2/],
    [["-servername", "site.example"], /TLSv1.3/],
    [["-servername", "old.example"], /TLSv1.2/],
    [["-servername", "site.example", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], /alert (protocol version|handshake failure)/],
    [["-servername", "strict.example", "-tls1_2"], /alert protocol version/],
    [["-servername", "strict.example"], /TLSv1.3/],
  ];
  for (const [args, wanted] of hellos)
    test(`${args.join(" ")}: ${wanted.source}`, async () => {
      const got = await sClient(w.port["web"]!, getOf("a", "/"), ...args);
      expect(got.stdout + got.stderr).toMatch(wanted);
    });

  test("cipher and curve lists hold where the runtime has them, and are refused where it does not", async () => {
    const lists = { ciphers: ["ECDHE-ECDSA-AES256-GCM-SHA384"], curves: ["P-384"] };
    const tls = { certificates: [pki.server("listed", ["listed.example"])], ...lists };
    const routes = [{ name: "all", respond: { body: "x" } }];
    if (onDeno) {
      pki.write("lists.yaml", JSON.stringify({ listeners: { web: { address: ":8443", tls } }, routes }));
      const checked = await runWeir(["check", `${pki.dir}/lists.yaml`]);
      expect(checked.code).toBe(1);
      for (const key of ["ciphers", "curves"])
        expect(checked.stdout + checked.stderr).toMatch(new RegExp(`lists.yaml:\\d+.*${key}`));
      return;
    }
    await using listed = await startListeners({ web: { tls } }, { routes });
    const port = listed.port["web"]!;
    const good = await sClient(port, getOf("a", "/"), "-tls1_2", "-groups", "P-384:P-256");
    expect(good.stdout).toContain("ECDHE-ECDSA-AES256-GCM-SHA384");
    expect(good.stdout).toContain("Server Temp Key: ECDH, secp384r1");
    for (const other of [
      ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"],
      ["-groups", "P-256"],
    ])
      expect((await sClient(port, "", ...other)).stderr).toContain("handshake failure");
  });
});

describe("what is no handshake", () => {
  test("HTTP on a TLS port gets 400 and a hint", async () => {
    const got = await get(w.port["web"]!, "/");
    expect(got.status).toBe(400);
    expect(got.body).toContain("https://");
    expect((await curl(`http://127.0.0.1:${w.port["web"]}/`)).stdout).toContain("https://");
  });

  const garbage: [what: string, bytes: string][] = [
    ["a hello of another version's form", "\x80\x2e\x01\x00\x02"],
    ["a record of data", "\x17\x03\x03\x00\x05hello"],
    ["a record that is too long", "\x16\x03\x01\xff\xff\x01\x00\x00\x00"],
    ["a hello that is cut inside", "\x16\x03\x01\x00\x08\x01\x00\x00\x04\x03\x03\x00\x00"],
    ["a server's hello", "\x16\x03\x03\x00\x04\x02\x00\x00\x00"],
    ["noise", "\x00\x01\x02\x03\x04\x05\x06\x07\x08"],
    ["HTTP/2 in cleartext", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ];
  for (const [what, bytes] of garbage)
    test(`${what} is refused, and the next client is served`, async () => {
      using client = await openClient(w.port["web"]!);
      await client.send(bytes);
      await client.left();
      expect(client.received).not.toContain("HTTP/1.1 200");
      expect(await shown(w.port["web"]!, { name: "site.example" })).toBe("site");
    });

  test("a ClientHello in pieces of one byte makes a handshake", async () => {
    const hello = await helloOf("site.example");
    using client = await openClient(w.port["web"]!);
    for (let i = 0; i < hello.length; i++) await client.send(hello.slice(i, i + 1));
    // The server's answer: a record of type handshake with a ServerHello.
    await client.when("a ServerHello", 5000, () => client.received.length > 5);
    expect([client.received.charCodeAt(0), client.received.charCodeAt(5)]).toEqual([0x16, 2]);
  });

  test("a client that says nothing, or half a hello, or stops in the handshake, is closed in time", async () => {
    const hello = await helloOf("site.example");
    const closed = async (said: string): Promise<void> => {
      using client = await openClient(w.port["web"]!);
      await client.send(said);
      expect(["end", "reset"]).toContain(await client.left(8000));
    };
    await Promise.all(["", hello.slice(0, 40), hello].map(closed));
  });

  test("garbage behind a handshake ends that connection and is no fault of Weir's", async () => {
    for (const bytes of [
      `\x17\x03\x03\x00\x20${"x".repeat(32)}`,
      "\x15\x03\x03\x00\x02\x02\x28",
      "no record",
      "\x17\x03\x03\xff\xff",
    ]) {
      const raw = await openClient(w.port["web"]!);
      const secure = connectTls({ socket: raw.socket, rejectUnauthorized: false, servername: "site.example" });
      secure.on("error", () => {});
      await new Promise((resolve) => secure.once("secureConnect", resolve));
      secure.write("GET / HTTP/1.1\r\nHost: site.example\r\n\r\n");
      await new Promise((resolve) => secure.once("data", resolve));
      raw.socket.write(Buffer.from(bytes, "latin1"));
      await raw.left();
      raw.destroy();
    }
    expect(await w.site.weir.metric("weir_callback_throws_total")).toBe(0);
  });

  test("faults and handshakes are counted by code, and nothing is left open", async () => {
    const { weir } = w.site;
    expect(await weir.metric("weir_listener_faults_total", { listener: "web", code: "tlsHandshake" })).toBeGreaterThan(0);
    expect(await weir.metric("weir_listener_faults_total", { listener: "web", code: "headTimeout" })).toBeGreaterThan(1);
    await until(
      "no connection to be open",
      async () => (await weir.metric("weir_listener_connections_active", { listener: "web" })) === 0,
    );
    expect(await weir.metric("weir_callback_throws_total")).toBe(0);
  });
});

describe("detect: true", () => {
  test("TLS, HTTP/2 by prior knowledge and HTTP/1.1 on one port", async () => {
    const port = w.port["detect"]!;
    const url = `127.0.0.1:${port}/`;
    const version = ["-o", "/dev/null", "-w", "%{http_version} %{scheme}"];
    expect((await curl(...version, "-k", `https://${url}`)).stdout).toBe("2 HTTPS");
    expect((await curl(...version, "-k", "--http1.1", `https://${url}`)).stdout).toBe("1.1 HTTPS");
    expect((await curl(...version, "--http2-prior-knowledge", `http://${url}`)).stdout).toBe("2 HTTP");
    expect((await curl(...version, `http://${url}`)).stdout).toBe("1.1 HTTP");
  });

  test("without tls, HTTP/2 beside HTTP/1.1; TLS is refused", async () => {
    const url = `127.0.0.1:${w.port["clear"]}/`;
    const version = ["-o", "/dev/null", "-w", "%{http_version}"];
    expect((await curl(...version, "--http2-prior-knowledge", `http://${url}`)).stdout).toBe("2");
    expect((await curl(...version, `http://${url}`)).stdout).toBe("1.1");
    expect((await curl("-k", `https://${url}`)).code).not.toBe(0);
  });

  test("the first bytes one by one", async () => {
    using client = await openClient(w.port["detect"]!);
    await client.sendCut([..."GET / HTTP/1.1\r\nHost: a\r\n\r\n"]);
    expect((await client.response()).body).toBe("hello\n");
  });
});

describe("the scheme", () => {
  test("upstreams and logs are told https, over both versions", async () => {
    using h1 = await openTls(w.port["web"]!, { name: "site.example" });
    await h1.send("GET /echo/1 HTTP/1.1\r\nHost: site.example\r\n\r\n");
    expect((await h1.response()).body).toMatch(/x-forwarded-proto: https/i);
    using h2 = await openH2(w.port["web"]!, { name: "site.example" });
    const got = await h2.get("site.example", "/echo/2").done();
    expect(got.body).toMatch(/x-forwarded-proto: https/i);
    expect(got.body).toMatch(/^host: site.example\r$/im);
    expect((await w.site.logged("/echo/2"))["protocol"]).toBe("HTTP/2");
  });
});

test("a handshake that is under way when a drain begins does not hold it up", async () => {
  const pair = { certificates: [pki.server("drained", ["a"], { extensions: [dns("a"), uses(SERVER_USE)] })] };
  await using drained = await startListeners(
    { web: { tls: pair, timeouts: { head: "20s" } } },
    { routes: [{ name: "all", respond: { body: "x" } }], top: { drain: { delay: "0s", limit: "15s" } } },
  );
  const hello = await helloOf("a");
  using silent = await openClient(drained.port["web"]!);
  using half = await openClient(drained.port["web"]!);
  using begun = await openClient(drained.port["web"]!);
  await half.send(hello.slice(0, 30));
  await begun.send(hello);
  await begun.when("a ServerHello", 5000, () => begun.received.length > 5);
  drained.site.weir.signal("SIGTERM");
  expect((await drained.site.weir.ended(8000)).code).toBe(0);
  for (const c of [silent, half, begun]) await c.left();
});

/** The bytes with which OpenSSL begins, as text. */
async function helloOf(name: string): Promise<string> {
  let bytes = "";
  const server = (await import("node:net")).createServer((s) => {
    s.once("data", (b) => {
      bytes = b.toString("latin1");
      s.destroy();
    });
    s.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await sClient(port, "", "-servername", name);
  server.close();
  return bytes;
}
