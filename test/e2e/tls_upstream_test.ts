import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type H2Origin, startH2Origin } from "../support/h2_origin.ts";
import { altNames, authority, dns, uses } from "../support/mint.ts";
import { get } from "../support/raw_client.ts";
import { EXPIRED, LOCALHOST, type Pair, Pki, SERVER_USE, uri } from "../support/tls_pki.ts";
import { runWeir, type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(30_000);

const pki = new Pki();
const other = new Pki();
const server = uses(SERVER_USE);
const weirOwn = pki.client("weir");
const middle = pki.mint("middle", { extensions: [authority()] });

const servers: Readonly<Record<string, Pair>> = {
  good: pki.server("app", ["app.example"]),
  byAddress: pki.pair("address", { extensions: [LOCALHOST, server] }),
  star: pki.server("star", ["*.star.example"]),
  spiffe: pki.pair("spiffe", { extensions: [uri("spiffe://example.org/app"), server] }),
  expired: pki.server("expired", ["app.example"], EXPIRED),
  stranger: other.server("stranger", ["app.example"]),
  nameless: pki.pair("app.example", { extensions: [server] }),
  otherAddress: pki.pair("other-address", { extensions: [altNames([0x87, "\x0a\0\0\x01"]), server] }),
  clientUse: pki.client("client-use", { extensions: [dns("app.example"), uses("1.3.6.1.5.5.7.3.2")] }),
  chained: chained(),
};

function chained(): Pair {
  const made = pki.mint("chained", { issuer: middle, extensions: [dns("app.example"), server] });
  return { cert: pki.write("chained.pem", made.pem + middle.pem), key: pki.write("chained.key", made.keyPem) };
}

const origins = new Map<string, H2Origin>();
let site: Site;

interface Row {
  /** The server's certificate, and what else it is. */
  readonly to: string;
  readonly tls: Readonly<Record<string, unknown>>;
  readonly protocol?: string;
  /** The protocol, or the flag of the refusal. */
  readonly wanted: "h2" | "http/1.1" | "" | "UF" | "U?";
}

const app = { ca: pki.ca, serverName: "app.example" };
const rows: Readonly<Record<string, Row>> = {
  "a CA file and a server name": { to: "good", tls: app, wanted: "h2" },
  "an intermediate that the server sends": { to: "chained", tls: app, wanted: "h2" },
  "the endpoint's address as the name": { to: "byAddress", tls: { ca: pki.ca }, wanted: "h2" },
  "a wildcard for one label": { to: "star", tls: { ca: pki.ca, serverName: "a.star.example" }, wanted: "h2" },
  "a wildcard for two labels": { to: "star", tls: { ca: pki.ca, serverName: "a.b.star.example" }, wanted: "UF" },
  "another name": { to: "good", tls: { ca: pki.ca, serverName: "www.example" }, wanted: "UF" },
  "another address": { to: "otherAddress", tls: { ca: pki.ca }, wanted: "UF" },
  "no name but the common one (RFC 9525 6.3)": { to: "nameless", tls: app, wanted: "UF" },
  "another authority": { to: "stranger", tls: app, wanted: "UF" },
  "the runtime's authorities": { to: "good", tls: { serverName: "app.example" }, wanted: "UF" },
  "an expired certificate": { to: "expired", tls: app, wanted: "UF" },
  "a certificate that is for clients": { to: "clientUse", tls: app, wanted: "UF" },
  "sans with the URI": { to: "spiffe", tls: { ...app, sans: { uri: ["spiffe://example.org/app"] } }, wanted: "h2" },
  "sans with another URI": { to: "spiffe", tls: { ...app, sans: { uri: ["spiffe://example.org/ap"] } }, wanted: "UF" },
  "sans without the name that is asked for": { to: "good", tls: { ...app, sans: { dns: ["b.example"] } }, wanted: "UF" },
  "sans, and another authority": { to: "stranger", tls: { ...app, sans: { dns: ["app.example"] } }, wanted: "UF" },
  "insecureSkipVerify: another authority": { to: "stranger", tls: { insecureSkipVerify: true }, wanted: "h2" },
  "insecureSkipVerify: expired, by address": { to: "expired", tls: { insecureSkipVerify: true }, wanted: "h2" },
  "protocol http1": { to: "good", tls: app, protocol: "http1", wanted: "http/1.1" },
  "protocol h2": { to: "good", tls: app, protocol: "h2", wanted: "h2" },
  "auto, and a server of HTTP/1.1 alone": { to: "h1", tls: app, wanted: "http/1.1" },
  "protocol h2, and a server of HTTP/1.1 alone": { to: "h1", tls: app, protocol: "h2", wanted: "UF" },
  "a client certificate that is demanded": { to: "asks", tls: { ...app, ...weirOwn }, wanted: "h2" },
  "no client certificate where one is demanded": { to: "asks", tls: app, wanted: "U?" },
  "TLS towards a server without": { to: "clear", tls: app, wanted: "UF" },
};

beforeAll(async () => {
  for (const [name, pair] of Object.entries(servers)) origins.set(name, await startH2Origin({ tls: { pair } }));
  const { good } = servers;
  origins.set("h1", await startH2Origin({ tls: { pair: good!, alpn: ["http/1.1"] } }));
  origins.set("asks", await startH2Origin({ tls: { pair: good!, clientCa: pki.ca } }));
  origins.set("clear", await startH2Origin());
  const clusters: Record<string, unknown> = {};
  const routes: unknown[] = [];
  Object.values(rows).forEach(({ to, tls, protocol }, i) => {
    const endpoints = [`127.0.0.1:${origins.get(to)!.port}`];
    clusters[`c${i}`] = { endpoints, tls, connectTimeout: "3s", ...(protocol === undefined ? {} : { protocol }) };
    routes.push({ name: `r${i}`, match: [{ prefix: `/${i}` }], to: `c${i}` });
  });
  site = await startSite({ routes, clusters });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  for (const o of origins.values()) await o[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
  other[Symbol.dispose]();
});

describe("towards a server with", () => {
  Object.entries(rows).forEach(([what, row], i) => {
    const fails = row.wanted.startsWith("U");
    test(`${what}: ${fails ? "refused" : row.wanted}`, async () => {
      const origin = origins.get(row.to)!;
      const before = origin.handshakes.length;
      const got = await get(site.port, `/${i}/x`, "client.example");
      if (fails) {
        expect([502, 503]).toContain(got.status);
        // Of TLS 1.3 a server refuses a client's certificate when the client's handshake is over (RFC 8446 4.4.2).
        const flags = row.wanted === "U?" ? ["UF", "UR", "UC"] : [row.wanted];
        expect(flags).toContain(String((await site.logged(`/${i}/x`))["flags"]));
        expect(origin.streams.every((s) => !s.field(":path").startsWith(`/${i}/`))).toBe(true);
        expect(await site.weir.metric("weir_cluster_faults_total", { cluster: `c${i}` })).toBeGreaterThan(0);
        return;
      }
      expect(got.status).toBe(200);
      expect(got.body.toLowerCase()).toContain("client.example");
      const shake = origin.handshakes[before]!;
      expect(shake.alpn).toBe(row.wanted);
      expect(shake.name).toBe(String(row.tls["serverName"] ?? ""));
      expect(shake.clientSerial !== "").toBe(row.to === "asks");
    });
  });

  test("nothing is thrown", async () => {
    expect(await site.weir.metric("weir_callback_throws_total")).toBe(0);
  });
});

test("weir check warns of insecureSkipVerify, with file and line", async () => {
  const path = pki.write(
    "skip.yaml",
    'listeners:\n  web: { address: ":8080" }\nroutes:\n  - { to: app }\nclusters:\n  app:\n    endpoints: ["10.0.0.1:443"]\n    tls:\n      insecureSkipVerify: true\n',
  );
  const got = await runWeir(["check", path]);
  expect(got.code).toBe(0);
  expect(got.stdout + got.stderr).toMatch(/skip.yaml:9:\d+.*/);
  expect(got.stdout + got.stderr).toContain("insecureSkipVerify");
});
