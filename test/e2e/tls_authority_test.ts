import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { openClient } from "../support/raw_client.ts";
import { getOf, openH2, openTls, sClient } from "../support/tls_client.ts";
import { type Pair, Pki } from "../support/tls_pki.ts";

setDefaultTimeout(30_000);

const pki = new Pki();
const other = new Pki();
const client = pki.client("client");
const stranger = other.client("stranger");
let w: Listeners;

/** The config of the listener `web`: `admin` asks for certificates. */
let tls: Record<string, unknown>;

beforeAll(async () => {
  const certificates = [pki.server("both", ["open.example", "admin.example", "other.example", "*.admin.example"])];
  const clientCertificates = { mode: "require", ca: pki.ca };
  const hosts = ["admin.example", "*.admin.example"];
  tls = {
    certificates,
    names: [
      { hosts, clientCertificates },
      { hosts: "staff.example", clientCertificates: { mode: "require", ca: other.ca } },
    ],
  };
  w = await startListeners(
    {
      web: { tls },
      detect: { tls, detect: true },
      // The same names, and other demands.
      lax: { tls: { certificates } },
      strict: { tls: { certificates, clientCertificates } },
    },
    { routes: [{ name: "all", to: "origin" }] },
  );
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
  other[Symbol.dispose]();
});

/** All that a client may write for the one host. */
const WRITTEN = [
  "admin.example",
  "ADMIN.example",
  "admin.example.",
  "admin.example:443",
  "admin.example:8443",
  "a.b.admin.example",
];

describe("a name is no authority: 421 (RFC 9110 15.5.20)", () => {
  test("over HTTP/1.1, in every writing, and the connection goes on", async () => {
    using conn = await openTls(w.port["web"]!, { name: "open.example" });
    for (const host of ["open.example", ...WRITTEN, "staff.example", "other.example"]) {
      await conn.send(`GET /h1/${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect([host, (await conn.response()).status]).toEqual([host, /open|other/.test(host) ? 200 : 421]);
    }
  });

  test("an address in place of a name is no way round a name's demand", async () => {
    for (const literal of ["127.0.0.1", "::1"]) {
      for (const host of ["open.example", "127.0.0.1", "[::1]", ...WRITTEN, "staff.example"]) {
        const got = await sClient(w.port["web"]!, getOf(host, "/literal"), "-servername", literal, "-alpn", "http/1.1");
        const status = /HTTP\/1\.1 (\d+)/.exec(got.stdout)?.[1];
        expect([literal, host, status]).toEqual([literal, host, /open|127|::1/.test(host) ? "200" : "421"]);
      }
      // Where everybody must show a certificate, so must who asks for no name.
      const strict = await sClient(w.port["strict"]!, getOf("open.example", "/"), "-servername", literal);
      expect(strict.stdout).not.toContain("HTTP/1.1 200");
    }
  });

  test("an absolute target decides, not the field", async () => {
    using conn = await openTls(w.port["web"]!, { name: "open.example" });
    await conn.send("GET https://admin.example/abs HTTP/1.1\r\nHost: admin.example\r\n\r\n");
    expect((await conn.response()).status).toBe(421);
    await conn.send("GET https://admin.example/abs HTTP/1.1\r\nHost: open.example\r\n\r\n");
    expect((await conn.response()).status).toBe(400);
  });

  test("without a name in the handshake, and without Host", async () => {
    using conn = await openTls(w.port["web"]!, {});
    await conn.send("GET /noname HTTP/1.1\r\nHost: admin.example\r\n\r\n");
    expect((await conn.response()).status).toBe(421);
    using old = await openTls(w.port["web"]!, { name: "admin.example", client });
    await old.send("GET /nohost HTTP/1.0\r\n\r\n");
    expect((await old.response()).status).toBe(421);
  });

  test("over a coalesced HTTP/2 connection: those streams alone", async () => {
    using conn = await openH2(w.port["web"]!, { name: "open.example" });
    const streams = ["open.example", ...WRITTEN, "staff.example"].map((h) => conn.get(h, `/h2/${h}`));
    const got = await Promise.all(streams.map(async (s) => (await s.done()).status));
    expect(got).toEqual([200, ...WRITTEN.map(() => 421), 421]);
    const host = conn.get("open.example", "/h2/host", ["host", "admin.example"]);
    expect((await host.done()).status).not.toBe(200);
    expect((await conn.get("open.example", "/h2/after").done()).status).toBe(200);
  });

  test("a certificate that is good for one name opens no other that asks another authority", async () => {
    using conn = await openH2(w.port["web"]!, { name: "admin.example", client });
    expect((await conn.get("admin.example", "/mine").done()).status).toBe(200);
    expect((await conn.get("x.admin.example", "/mine").done()).status).toBe(200);
    expect((await conn.get("staff.example", "/staff").done()).status).toBe(421);
    expect((await conn.get("open.example", "/open").done()).status).toBe(421);
    await expect(
      openH2(w.port["web"]!, { name: "admin.example", client: stranger }).then((c) => c.get("admin.example", "/s").done()),
    ).rejects.toThrow();
  });

  test("cleartext on a port that tells protocols apart gets past no demand for a certificate", async () => {
    using conn = await openClient(w.port["detect"]!);
    for (const host of ["open.example", ...WRITTEN, "staff.example"]) {
      await conn.send(`GET /clear/${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect([host, (await conn.response()).status]).toEqual([host, host === "open.example" ? 200 : 421]);
    }
  });

  test("nothing of it reached the upstream, and log and metrics say so", async () => {
    for (const { fields, target } of w.site.origin.requests) {
      const host = fields.find(([n]) => n.toLowerCase() === "host")![1];
      if (/admin|staff/i.test(host)) expect(target).toBe("/mine");
    }
    const line = await w.site.logged("/h2/staff.example");
    expect(line["status"]).toBe(421);
    expect(line["flags"]).toBe("MD");
    expect(await w.site.weir.metric("weir_listener_faults_total", { listener: "web", code: "misdirected" })).toBeGreaterThan(10);
  });
});

describe("after a reload", () => {
  test("an open connection reaches no host that asks for certificates now", async () => {
    using h1 = await openTls(w.port["lax"]!, { name: "open.example" });
    using h2 = await openH2(w.port["lax"]!, { name: "open.example" });
    using same = await openH2(w.port["lax"]!, { name: "admin.example" });
    const ask = async (host: string): Promise<number[]> => {
      await h1.send(`GET /reload HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      return [
        (await h1.response()).status,
        (await h2.get(host, "/reload").done()).status,
        (await same.get(host, "/reload").done()).status,
      ];
    };
    expect(await ask("admin.example")).toEqual([200, 200, 200]);
    const { site, listeners } = w;
    site.weir.rewrite({ ...site.config, listeners: { ...listeners, lax: { ...listeners["lax"], tls } } });
    expect((await site.weir.control("reload")).code).toBe(0);
    expect(await ask("admin.example")).toEqual([421, 421, 421]);
    expect(await ask("open.example")).toEqual([200, 200, 200]);
    site.weir.rewrite(site.config);
    expect((await site.weir.control("reload")).code).toBe(0);
    expect(await ask("admin.example")).toEqual([200, 200, 200]);
  });

  test("a cleartext connection serves nothing that TLS is asked for now", async () => {
    const { site, listeners } = w;
    const bare = { address: listeners["lax"]!["address"] };
    site.weir.rewrite({ ...site.config, listeners: { ...listeners, lax: bare } });
    expect((await site.weir.control("reload")).code).toBe(0);
    using conn = await openClient(w.port["lax"]!);
    await conn.send("GET /clear-reload HTTP/1.1\r\nHost: admin.example\r\n\r\n");
    expect((await conn.response()).status).toBe(200);
    site.weir.rewrite({ ...site.config, listeners: { ...listeners, lax: { ...bare, tls } } });
    expect((await site.weir.control("reload")).code).toBe(0);
    expect(await conn.left()).toBe("end");
    using other = await openClient(w.port["detect"]!);
    await other.send("GET /clear-detect HTTP/1.1\r\nHost: www.example\r\n\r\n");
    expect((await other.response()).status).toBe(200);
    const names = [{ hosts: "www.example", clientCertificates: { mode: "require", ca: pki.ca } }];
    site.weir.rewrite({
      ...site.config,
      listeners: { ...listeners, detect: { ...listeners["detect"], tls: { ...tls, names } } },
    });
    expect((await site.weir.control("reload")).code).toBe(0);
    await other.send("GET /clear-detect HTTP/1.1\r\nHost: www.example\r\n\r\n");
    expect((await other.response()).status).toBe(421);
    site.weir.rewrite(site.config);
    expect((await site.weir.control("reload")).code).toBe(0);
  });
});

describe("a ticket is no certificate", () => {
  const asPem = (p: Pair): string[] => ["-cert", p.cert, "-key", p.key];

  /** Handshakes at one place, then resumes at another; gives what the second one read. */
  async function carried(
    version: string,
    from: [listener: string, name: string, shown: Pair | null],
    to: [listener: string, name: string, shown: Pair | null],
  ): Promise<string> {
    const file = join(pki.dir, `session-${Math.random()}`);
    const at = ([listener, name, shown]: typeof from, io: string) =>
      sClient(
        w.port[listener]!,
        getOf(name, "/ticket"),
        version,
        "-servername",
        name,
        ...(shown === null ? [] : asPem(shown)),
        io,
        file,
      );
    const first = await at(from, "-sess_out");
    expect(first.stdout).toContain("HTTP/1.1 200");
    if (!existsSync(file)) return "no ticket";
    const got = await at(to, "-sess_in");
    const status = /HTTP\/1.1 (\d+)/.exec(got.stdout)?.[1] ?? "refused";
    return /^Reused, /m.test(got.stdout) ? `${status} resumed` : status;
  }

  for (const version of ["-tls1_2", "-tls1_3"]) {
    const rows: [what: string, from: Parameters<typeof carried>[1], to: Parameters<typeof carried>[2]][] = [
      ["of another name", ["web", "open.example", null], ["web", "admin.example", null]],
      ["of another listener, for the same name", ["lax", "admin.example", null], ["web", "admin.example", null]],
      ["of a listener without demands", ["lax", "open.example", null], ["strict", "open.example", null]],
      [
        "got with a certificate, used without one for another authority's name",
        ["web", "admin.example", client],
        ["web", "staff.example", null],
      ],
      ["got with another authority's certificate", ["web", "staff.example", stranger], ["web", "admin.example", null]],
    ];
    for (const [what, from, to] of rows)
      test(`${version.slice(1)}: ${what}`, async () => {
        expect(["refused", "refused resumed", "no ticket"]).toContain(await carried(version, from, to));
      });

    test(`${version.slice(1)}: it is one where it was given`, async () => {
      const there: Parameters<typeof carried>[1] = ["lax", "open.example", null];
      expect(await carried(version, there, there)).toBe("200 resumed");
    });

    test(`${version.slice(1)}: the same name with its certificate goes on as ever`, async () => {
      expect(["200", "200 resumed", "no ticket"]).toContain(
        await carried(version, ["web", "admin.example", client], ["web", "admin.example", client]),
      );
    });
  }

  test("after the authorities have been replaced", async () => {
    const ca = pki.write("rotated-ca.pem", pki.root.pem);
    const certificates = [pki.server("rotated", ["a.example"])];
    await using rotated = await startListeners(
      { web: { tls: { certificates, clientCertificates: { mode: "require", ca } } } },
      { routes: [{ name: "all", respond: { body: "x" } }] },
    );
    const port = rotated.port["web"]!;
    const open = (io: string, version: string) =>
      sClient(
        port,
        getOf("a.example", "/"),
        version,
        "-servername",
        "a.example",
        ...asPem(client),
        io,
        join(pki.dir, `rotated${version}`),
      );
    const versions = ["-tls1_2", "-tls1_3"];
    for (const v of versions) expect((await open("-sess_out", v)).stdout).toContain("HTTP/1.1 200");
    pki.write("rotated-ca.pem", other.root.pem);
    await until(
      "the authorities to be replaced",
      async () => (await rotated.site.weir.metric("weir_certificate_rotations_total", { result: "loaded" })) === 1,
    );
    for (const v of versions) {
      if (!existsSync(join(pki.dir, `rotated${v}`))) continue;
      expect((await open("-sess_in", v)).stdout).not.toContain("HTTP/1.1 200");
    }
  });
});
