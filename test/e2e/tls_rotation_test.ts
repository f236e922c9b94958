import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { type H2Origin, startH2Origin } from "../support/h2_origin.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { dns, type Minted, uses } from "../support/mint.ts";
import { openH2, openTls, openTlsSocket, serialOf } from "../support/tls_client.ts";
import { EXPIRED, Pki, SERVER_USE } from "../support/tls_pki.ts";

setDefaultTimeout(90_000);

const ROTATIONS = 200;
const WAITS_EACH = 10;
const CLIENTS = 2;
const pki = new Pki();
let origin: H2Origin;
let w: Listeners;

/** As Kubernetes mounts a secret: `tls.crt` leads through `..data` to a directory that is swapped whole. */
const mounted = join(pki.dir, "mounted");
let version = 0;

beforeAll(async () => {
  mkdirSync(mounted);
  swap(leaf("k0"));
  for (const [file, at] of [
    ["tls.crt", "..data/tls.crt"],
    ["tls.key", "..data/tls.key"],
  ])
    symlinkSync(at!, join(mounted, file!));
  pki.save("plain", leaf("p0"));
  const careful = ["none", "half", "mismatched", "late"];
  for (const name of careful) pki.server(name, [`${name}.example`]);
  pki.client("own");
  origin = await startH2Origin({ tls: { pair: pki.server("app", ["app.example"]), clientCa: pki.ca } });
  const at = (name: string): object => ({ cert: join(pki.dir, `${name}.pem`), key: join(pki.dir, `${name}.key`), name });
  const certificates = [{ cert: join(mounted, "tls.crt"), key: join(mounted, "tls.key"), name: "mounted" }];
  const timeouts = { head: "2m" };
  w = await startListeners(
    {
      plain: { tls: { certificates: [at("plain")] }, timeouts },
      mounted: { tls: { certificates }, timeouts },
      careful: { tls: { certificates: careful.map(at) } },
    },
    {
      routes: [{ match: [{ prefix: "/app" }], to: "app" }, { respond: { body: "x" } }],
      clusters: {
        app: {
          endpoints: [`127.0.0.1:${origin.port}`],
          protocol: "http1",
          requestsPerConnection: 1,
          tls: { ca: pki.ca, serverName: "app.example", cert: join(pki.dir, "own.pem"), key: join(pki.dir, "own.key") },
        },
      },
    },
  );
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  await origin[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});

function leaf(name: string): Minted {
  return pki.mint(name, { extensions: [dns("a.example"), uses(SERVER_USE)] });
}

/** Writes a new version beside the others and turns the symlink to it in one step. */
function swap(made: Minted): void {
  const dir = `..v${version++}`;
  mkdirSync(join(mounted, dir));
  writeFileSync(join(mounted, dir, "tls.crt"), made.pem);
  writeFileSync(join(mounted, dir, "tls.key"), made.keyPem);
  symlinkSync(dir, join(mounted, "..data_tmp"));
  renameSync(join(mounted, "..data_tmp"), join(mounted, "..data"));
}

/** Replaces both files, each by a rename. */
function replace(name: string, made: Minted): void {
  for (const [file, text] of [
    [`${name}.key`, made.keyPem],
    [`${name}.pem`, made.pem],
  ]) {
    writeFileSync(join(pki.dir, `${file}.new`), text!);
    renameSync(join(pki.dir, `${file}.new`), join(pki.dir, file!));
  }
}

function serial(made: Minted): string {
  return new X509Certificate(made.pem).serialNumber;
}

/** Turns over again and again while clients handshake; gives what can be said of it. */
async function rotate(name: "plain" | "mounted", turnOver: (made: Minted) => void): Promise<void> {
  const port = w.port[name]!;
  const seen = new Set<string>();
  const failures: string[] = [];
  let handshakes = 0;
  let going = true;
  const client = async (): Promise<void> => {
    while (going) {
      try {
        const alpn = handshakes++ % 2 === 0 ? "h2" : "http/1.1";
        const socket = await openTlsSocket(port, { name: "a.example", alpn: [alpn] });
        seen.add((socket.getPeerCertificate(true) as { serialNumber: string }).serialNumber);
        socket.destroy();
      } catch (e) {
        failures.push(String(e));
      }
    }
  };
  using old1 = await openTls(port, { name: "a.example" });
  using old2 = await openH2(port, { name: "a.example" });
  const first = await serialOf(port);
  const clients = Array.from({ length: CLIENTS }, client);
  await until("the first serial", () => seen.has(first), 10_000);
  const minted: string[] = [];
  let waited = 0;
  for (let i = 0; i < ROTATIONS; i++) {
    const made = leaf(`${name}${i}`);
    minted.push(serial(made));
    turnOver(made);
    // Some are waited for until they are served, the others come upon each other's heels.
    if (i % WAITS_EACH !== 0) continue;
    waited++;
    await until("the new serial", () => seen.has(minted[i]!), 10_000);
  }
  await until("the last serial", () => seen.has(minted.at(-1)!), 10_000);
  going = false;
  await Promise.all(clients);
  expect(failures).toEqual([]);
  expect(minted.filter((s) => seen.has(s)).length).toBeGreaterThan(waited);
  expect(handshakes).toBeGreaterThan(ROTATIONS / 2);
  await old1.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  expect((await old1.response()).status).toBe(200);
  expect((await old2.get("a.example", "/").done()).status).toBe(200);
}

test("two hundred rotations, files replaced and ..data swapped: no failed handshake, serials follow, no connection cut", async () => {
  await Promise.all([rotate("plain", (made) => replace("plain", made)), rotate("mounted", swap)]);
  const { weir } = w.site;
  expect(await weir.metric("weir_certificate_rotations_total", { result: "loaded" })).toBeGreaterThan(
    (2 * ROTATIONS) / WAITS_EACH,
  );
  expect(await weir.metric("weir_certificate_rotations_total", { result: "refused" })).toBe(0);
});

test("what is not good does not take the place of what is: it is logged, counted and shown by weir certs", async () => {
  const good = leaf("good");
  const expired = pki.mint("late", { ...EXPIRED, extensions: [dns("a.example")] });
  const bad: Readonly<Record<string, readonly [pem: string, key: string, says: RegExp]>> = {
    none: ["nothing\n", good.keyPem, /none\.pem|PEM/],
    half: [good.pem.slice(0, 200), good.keyPem, /half\.pem|PEM/],
    mismatched: [good.pem, leaf("other").keyPem, /key/],
    late: [expired.pem, expired.keyPem, /expired/],
  };
  const { weir } = w.site;
  const served = (name: string): Promise<string> => serialOf(w.port["careful"]!, { name: `${name}.example` });
  const names = Object.keys(bad);
  const before = await Promise.all(names.map(served));
  const refused = await weir.metric("weir_certificate_rotations_total", { result: "refused" });
  const said = weir.stderr.length;
  for (const [name, [pem, key]] of Object.entries(bad)) {
    pki.write(`${name}.key`, key);
    pki.write(`${name}.pem`, pem);
  }
  // A pair that does not fit may be the middle of a replacement: it has 5 s.
  const lines = await Promise.all(names.map((name) => weir.said(new RegExp(`not replaced.*"${name}"`), said, 20_000)));
  for (const [i, line] of lines.entries()) expect(line).toMatch(bad[names[i]!]![2]);
  expect(await weir.metric("weir_certificate_rotations_total", { result: "refused" })).toBe(refused + names.length);
  expect(await Promise.all(names.map(served))).toEqual(before);
  const shown = (await weir.control("certs", "--json")).stdout;
  for (const name of names) expect(shown).toContain(name);
  expect(shown).toMatch(/expired/);
  expect((await weir.control("certs")).stdout).toMatch(/expired/);
  const again = names.map((name) => pki.mint(name, { extensions: [dns(`${name}.example`), uses(SERVER_USE)] }));
  for (const [i, name] of names.entries()) replace(name, again[i]!);
  await until("the next good ones", async () => (await Promise.all(names.map(served))).join() === again.map(serial).join());
  expect((await weir.control("certs", "--json")).stdout).not.toMatch(/has expired/);
});

test("the certificate that upstreams are shown rotates too", async () => {
  const ask = async (): Promise<string> => {
    using conn = await openTls(w.port["plain"]!, { name: "a.example" });
    await conn.send("GET /app HTTP/1.1\r\nHost: a.example\r\n\r\n");
    expect((await conn.response()).status).toBe(200);
    return origin.handshakes.at(-1)!.clientSerial;
  };
  const old = await ask();
  const made = pki.mint("own2", { extensions: [uses("1.3.6.1.5.5.7.3.2")] });
  replace("own", made);
  await until("the new client certificate", async () => (await ask()) === serial(made));
  expect(old).not.toBe(serial(made));
});
