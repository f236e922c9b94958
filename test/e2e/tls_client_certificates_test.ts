import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { altNames, authority, dns, integer, keyUsage, mint, uses } from "../support/mint.ts";
import { openH2, openTls } from "../support/tls_client.ts";
import { CLIENT_USE, EXPIRED, type Pair, Pki, SERVER_USE, uri } from "../support/tls_pki.ts";

setDefaultTimeout(30_000);

const pki = new Pki();
const other = new Pki();
const client = uses(CLIENT_USE);
const middle = pki.mint("middle", { extensions: [authority(0), keyUsage(5, 6)] });
const tooDeep = mint({ name: "too deep", issuer: middle, serial: integer(9), extensions: [authority(), keyUsage(5, 6)] });

/** Clients by what they are. */
const clients: Readonly<Record<string, Pair>> = {
  good: pki.client("good"),
  stranger: other.client("stranger"),
  selfSigned: pki.save("self", mint({ name: "self", serial: integer(1), extensions: [client] })),
  expired: pki.client("expired", EXPIRED),
  future: pki.client("future", { notBefore: Date.now() + 86_400_000 }),
  serverUse: pki.server("server-use", ["a.example"]),
  spiffe: pki.client("spiffe", { extensions: [client, uri("spiffe://example.org/ns/shop/sa/cart")] }),
  otherSpiffe: pki.client("other-spiffe", { extensions: [client, uri("spiffe://example.org/ns/bank/sa/cart")] }),
  nearSpiffe: pki.client("near-spiffe", { extensions: [client, uri("spiffe://example.org/ns/shopping")] }),
  batch: pki.client("batch", { extensions: [client, dns("batch.example")] }),
  byMiddle: withChain("by-middle", middle, middle.pem),
  withoutMiddle: withChain("without-middle", middle, ""),
  byLeaf: withChain("by-leaf", pki.mint("a leaf", { extensions: [client] }), ""),
  tooDeep: withChain("by-too-deep", tooDeep, tooDeep.pem + middle.pem),
  quoted: pki.client("quoted", { extensions: [client, altNames([0x86, "spiffe://a/b"], [0x82, "one.example"])] }),
};

/** Signed by `issuer`, shown with what stands behind it. */
function withChain(name: string, issuer: ReturnType<typeof mint>, chain: string): Pair {
  const made = pki.mint(name, { issuer, extensions: [client] });
  return { cert: pki.write(`${name}.pem`, made.pem + chain), key: pki.write(`${name}.key`, made.keyPem) };
}

let w: Listeners;

beforeAll(async () => {
  const certificates = [pki.server("site", ["site.example"], { extensions: [dns("site.example"), uses(SERVER_USE)] })];
  const tls = (clientCertificates: unknown): unknown => ({ certificates, clientCertificates });
  const allow = { uri: ["spiffe://example.org/ns/shop/*"], dns: ["batch.example"] };
  const request = tls({ mode: "request", ca: pki.ca });
  w = await startListeners({
    require: { tls: tls({ mode: "require", ca: pki.ca }) },
    request: { tls: request },
    named: { tls: tls({ mode: "require", ca: pki.ca, allow }) },
    set: {
      tls: request,
      forwarded: { clientCertificate: { policy: "sanitizeSet", details: ["subject", "uri", "dns", "cert"] } },
    },
    append: { tls: request, forwarded: { clientCertificate: "appendForward" } },
    forward: { tls: request, forwarded: { clientCertificate: "forwardOnly" } },
    always: { tls: request, forwarded: { clientCertificate: "alwaysForwardOnly" } },
  });
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
  other[Symbol.dispose]();
});

/** Whether a client gets a reply, over HTTP/1.1 and over HTTP/2; both must say the same. */
async function served(listener: string, shown: Pair | null, fields = ""): Promise<boolean> {
  const port = w.port[listener]!;
  const h1 = openTls(port, { name: "site.example", client: shown }).then(async (c) => {
    using conn = c;
    await conn.send(`GET /h1 HTTP/1.1\r\nHost: site.example\r\n${fields}\r\n`);
    return (await conn.response()).status === 200;
  });
  const h2 = openH2(port, { name: "site.example", client: shown }).then(async (c) => {
    using conn = c;
    return (await conn.get("site.example", "/h2").done()).status === 200;
  });
  const [a, b] = await Promise.all([h1.catch(() => false), h2.catch(() => false)]);
  expect(a).toBe(b);
  return a;
}

describe("who is let in", () => {
  const rows: [who: string, require: boolean, request: boolean, named: boolean][] = [
    ["none", false, true, false],
    ["good", true, true, false],
    ["byMiddle", true, true, false],
    ["spiffe", true, true, true],
    ["batch", true, true, true],
    ["otherSpiffe", true, true, false],
    ["nearSpiffe", true, true, false],
    ["stranger", false, false, false],
    ["selfSigned", false, false, false],
    ["expired", false, false, false],
    ["future", false, false, false],
    ["serverUse", false, false, false],
    ["withoutMiddle", false, false, false],
    ["byLeaf", false, false, false],
    ["tooDeep", false, false, false],
  ];
  for (const [who, require, request, named] of rows)
    test(`${who}: required ${require}, requested ${request}, by name ${named}`, async () => {
      const before = w.site.origin.requests.length;
      const shown = clients[who] ?? null;
      const got = [await served("require", shown), await served("request", shown), await served("named", shown)];
      expect(got).toEqual([require, request, named]);
      // A request of one who is refused reaches no upstream, not even while the refusal is on its way.
      expect(w.site.origin.requests.length - before).toBe(2 * got.filter(Boolean).length);
    });

  test("who is refused is counted", async () => {
    const { weir } = w.site;
    expect(await weir.metric("weir_listener_faults_total", { listener: "named", code: "tlsHandshake" })).toBeGreaterThan(10);
    expect(await weir.metric("weir_callback_throws_total")).toBe(0);
  });
});

describe("X-Forwarded-Client-Cert", () => {
  const sent = 'By=spiffe://evil;Hash=00;Subject="CN=admin"';

  async function told(listener: string, shown: Pair | null): Promise<string | null> {
    using conn = await openTls(w.port[listener]!, { name: "site.example", client: shown });
    await conn.send(`GET /xfcc HTTP/1.1\r\nHost: site.example\r\nX-Forwarded-Client-Cert: ${sent}\r\n\r\n`);
    const h1 = /^x-forwarded-client-cert: (.*)\r$/im.exec((await conn.response()).body)?.[1] ?? null;
    using h2 = await openH2(w.port[listener]!, { name: "site.example", client: shown });
    const got = await h2.get("site.example", "/xfcc", ["x-forwarded-client-cert", sent]).done();
    expect(/^x-forwarded-client-cert: (.*)\r$/im.exec(got.body)?.[1] ?? null).toBe(h1);
    return h1;
  }

  const own = (p: Pair): string => `Hash=${hashOf(p)}`;
  const quoted = clients["quoted"]!;

  test("sanitize, the default: what a client says is removed", async () => {
    expect(await told("require", quoted)).toBe(null);
    expect(await told("request", null)).toBe(null);
  });

  test("sanitizeSet: this connection's certificate and nothing else", async () => {
    const got = (await told("set", quoted))!;
    expect(got).toStartWith(own(quoted));
    for (const part of ['Subject="CN=quoted"', "URI=spiffe://a/b", "DNS=one.example", 'Cert="-----BEGIN%20CERTIFICATE-----'])
      expect(got).toContain(part);
    expect(got).not.toContain("evil");
    expect(await told("set", null)).toBe(null);
  });

  test("appendForward: behind what came; without a certificate nothing", async () => {
    const got = (await told("append", quoted))!;
    expect(got).toStartWith(`${sent},`);
    expect(got).toContain(own(quoted));
    expect(await told("append", null)).toBe(null);
  });

  test("forwardOnly with a certificate alone, alwaysForwardOnly in any case", async () => {
    expect(await told("forward", quoted)).toBe(sent);
    expect(await told("forward", null)).toBe(null);
    expect(await told("always", null)).toBe(sent);
  });
});

function hashOf(p: Pair): string {
  const pem = new TextDecoder().decode(require("node:fs").readFileSync(p.cert) as Uint8Array);
  const body = /-----BEGIN CERTIFICATE-----([^-]+)/.exec(pem)![1]!;
  return createHash("sha256").update(Buffer.from(body, "base64")).digest("hex");
}
