import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Model } from "../../../../src/config/model.ts";
import { createMemoryPlatform, type MemoryPlatform } from "../../../../src/platform/memory.ts";
import { createNodePlatform } from "../../../../src/platform/node.ts";
import { parseConfig } from "../../../../src/source/file/load_config.ts";
import type { Facts } from "../../../../src/telemetry/event_log.ts";
import { Metrics } from "../../../../src/telemetry/metrics.ts";
import { certsStatus } from "../../../../src/tls/store/certs_status.ts";
import { diskSecrets, type SecretFiles } from "../../../../src/tls/store/secret_files.ts";
import { TlsSecrets } from "../../../../src/tls/store/tls_secrets.ts";
import { until } from "../../../support/deadline.ts";
import { authority, dns, MINTED_AT, type Minted, mint } from "../../../support/mint.ts";
import { FakeSecretFiles } from "./fake_secret_files.ts";

const DAY = 86_400_000;
const root = mint({ name: "root", extensions: [authority()] });
const made = (name: string, serial: number, more: { notBefore?: number; notAfter?: number } = {}): Minted =>
  mint({ name, issuer: root, serial: Uint8Array.of(2, 1, serial), extensions: [dns(`${name}.example`)], ...more });
const first = made("site", 1);
const second = made("site", 2);
const client = made("client", 3);

const CONFIG = `
listeners:
  secure:
    address: ":8443"
    tls:
      certificates: [{ cert: /tls/site.pem, key: /tls/site.key, name: site }]
      clientCertificates: { ca: /tls/ca.pem }
  other: { address: ":8444", tls: { certificates: [{ cert: /tls/site.pem, key: /tls/site.key }] } }
routes: [{ to: app }]
clusters:
  app: { endpoints: ["10.0.0.1:443"], tls: { ca: /tls/ca.pem, cert: /more/client.pem, key: /more/client.key } }
`;

interface Logged {
  readonly level: string;
  readonly event: string;
  readonly facts: Facts;
}

interface Bench {
  readonly platform: MemoryPlatform;
  readonly files: FakeSecretFiles;
  readonly secrets: TlsSecrets;
  readonly metrics: Metrics;
  readonly log: Logged[];
  put(dir: string, name: string, pair: Minted): void;
  /** What the directory's watch leads to. */
  touch(dir: string, ms?: number): Promise<void>;
  metric(name: string, ...labels: readonly string[]): number | undefined;
}

async function modelOf(text: string, files: SecretFiles): Promise<Model> {
  const { model, problems } = await parseConfig(
    text,
    "weir.yaml",
    {},
    { read: files.read.bind(files), list: async () => [] },
    { now: MINTED_AT },
  );
  if (model === null) throw new Error(problems.map((p) => p.message).join());
  return model;
}

async function start(config = CONFIG): Promise<Bench> {
  const platform = createMemoryPlatform();
  const files = new FakeSecretFiles();
  const put = (dir: string, name: string, pair: Minted): void => {
    files.texts.set(`${dir}/${name}.pem`, pair.pem);
    files.texts.set(`${dir}/${name}.key`, pair.keyPem);
  };
  put("/tls", "site", first);
  put("/more", "client", client);
  files.texts.set("/tls/ca.pem", root.pem);
  const metrics = new Metrics();
  const log: Logged[] = [];
  const secrets = new TlsSecrets({
    platform,
    files,
    metrics: metrics.tls,
    log: { log: (level, event, facts = {}) => log.push({ level, event, facts }) },
  });
  const prepared = await secrets.prepare(await modelOf(config, files));
  if (!("uses" in prepared)) throw new Error(prepared.map((p) => p.message).join());
  secrets.commit(prepared);
  await turns();
  // One look when the directories are watched.
  await platform.advance(100);
  await turns();
  return {
    platform,
    files,
    secrets,
    metrics,
    log,
    put,
    touch: async (dir, ms = 100) => {
      platform.touch(dir);
      await platform.advance(ms);
      await turns();
    },
    metric: (name, ...labels) => {
      const row = metrics.numbers.families.get(name)?.rows.get(labels.join("\u0000"));
      return (row?.metric as { value: number } | undefined)?.value;
    },
  };
}

/** Lets the time pass that is waited for what does not fit. */
async function settle(b: Bench): Promise<void> {
  for (let i = 0; i < 12; i++) {
    await b.platform.advance(500);
    await turns();
  }
}

/** Lets promises go on that wait for nothing but each other. */
async function turns(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

const SITE = { name: "site", cert: "/tls/site.pem", key: "/tls/site.key" };

function rotations(b: Bench): readonly number[] {
  const v = b.metrics.numbers.families.get("weir_certificate_rotations_total")!.rows.values().next().value!.metric;
  return "valueAt" in v ? [v.valueAt(0), v.valueAt(1)] : [];
}

describe("certificates in use", () => {
  test("are replaced when their files are, for all who use them", async () => {
    const b = await start();
    const told: string[] = [];
    const secret = b.secrets.certificate(SITE);
    secret.onChange((c) => told.push(c.serial));
    expect(b.secrets.certificate({ ...SITE, name: "/tls/site.pem" })).toBe(secret);
    b.put("/tls", "site", second);
    await b.touch("/tls");
    expect([secret.current.serial, told, rotations(b)]).toEqual(["02", ["02"], [1, 0]]);
    expect(b.log.map((l) => [l.level, l.event, l.facts["certificate"], l.facts["serial"]])).toEqual([
      ["info", "certificate replaced", "site", "02"],
    ]);
    b.secrets.close();
  });

  test("of clusters are replaced too", async () => {
    const b = await start();
    b.put("/more", "client", made("client", 9));
    await b.touch("/more");
    expect(b.secrets.certificate({ name: "", cert: "/more/client.pem", key: "/more/client.key" }).current.serial).toBe("09");
    b.secrets.close();
  });

  test("stay while certificate and key are replaced one after the other", async () => {
    const b = await start();
    b.files.texts.set("/tls/site.pem", second.pem);
    await b.touch("/tls");
    await b.platform.advance(2000);
    await turns();
    expect([b.secrets.certificate(SITE).current.serial, b.log]).toEqual(["01", []]);
    // No event tells of the key: it is looked for while it is waited for.
    b.files.texts.set("/tls/site.key", second.keyPem);
    await b.platform.advance(500);
    await turns();
    expect([b.secrets.certificate(SITE).current.serial, rotations(b)]).toEqual(["02", [1, 0]]);
    b.secrets.close();
  });

  test("stay when what comes does not fit: logged, counted and shown", async () => {
    const b = await start();
    b.files.texts.set("/tls/site.key", client.keyPem);
    await b.touch("/tls");
    await settle(b);
    expect([b.secrets.certificate(SITE).current.serial, rotations(b)]).toEqual(["01", [0, 1]]);
    expect(b.log).toEqual([
      {
        level: "error",
        event: "certificate not replaced, the one before stays in use",
        facts: {
          certificate: "site",
          files: ["/tls/site.pem", "/tls/site.key"],
          reason: "give the certificate's own key: found the key of another certificate",
        },
      },
    ]);
    const shown = certsStatus(b.secrets, b.platform.wallNow()).certificates[0]!;
    expect([shown.serial, shown.problem]).toEqual(["01", "give the certificate's own key: found the key of another certificate"]);
    b.put("/tls", "site", second);
    await b.touch("/tls");
    expect(certsStatus(b.secrets, b.platform.wallNow()).certificates[0]).toMatchObject({ serial: "02", problem: null });
    b.secrets.close();
  });

  test("are not replaced by one that has expired or is not good yet", async () => {
    const b = await start();
    b.put("/tls", "site", made("site", 7, { notAfter: MINTED_AT - DAY }));
    await b.touch("/tls");
    expect([b.secrets.certificate(SITE).current.serial, rotations(b)]).toEqual(["01", [0, 1]]);
    b.put("/tls", "site", made("site", 8, { notBefore: MINTED_AT + 60_000 }));
    await b.touch("/tls");
    expect([b.secrets.certificate(SITE).current.serial, rotations(b)]).toEqual(["01", [0, 2]]);
    await b.platform.advance(90_000);
    await turns();
    expect([b.secrets.certificate(SITE).current.serial, rotations(b)]).toEqual(["08", [1, 2]]);
    b.secrets.close();
  });

  test("are found changed without an event, every 30 s", async () => {
    const b = await start();
    b.put("/tls", "site", second);
    await b.platform.advance(29_000);
    await turns();
    expect(b.secrets.certificate(SITE).current.serial).toBe("01");
    await b.platform.advance(1_000);
    await turns();
    expect(b.secrets.certificate(SITE).current.serial).toBe("02");
    b.secrets.close();
  });

  test("are read once for many events, when it is quiet", async () => {
    const b = await start();
    b.put("/tls", "site", second);
    const { reads } = b.files;
    for (let i = 0; i < 8; i++) {
      b.platform.touch("/tls");
      await b.platform.advance(60);
    }
    await turns();
    expect(b.files.reads).toBe(reads);
    await b.platform.advance(100);
    await turns();
    // Two pairs and one bundle.
    expect(b.files.reads).toBe(reads + 5);
    b.secrets.close();
  });

  test("are read though it is never quiet", async () => {
    const b = await start();
    b.put("/tls", "site", second);
    for (let i = 0; i < 20; i++) {
      b.platform.touch("/tls");
      await b.platform.advance(60);
    }
    await turns();
    expect(b.secrets.certificate(SITE).current.serial).toBe("02");
    b.secrets.close();
  });

  test("that nobody uses any more are left alone", async () => {
    const b = await start();
    const before = b.secrets.certificate(SITE);
    const model = await modelOf(CONFIG.replace(/^ {2}secure:[\s\S]*?(?= {2}other)/m, ""), b.files);
    const prepared = await b.secrets.prepare(model);
    if (!("uses" in prepared)) throw new Error("refused");
    b.secrets.commit(prepared);
    await turns();
    // The same pair goes on, under the name that is left.
    expect(b.secrets.certificate({ ...SITE, name: "" })).toBe(before);
    expect(certsStatus(b.secrets, MINTED_AT).certificates.map((c) => [c.certificate, c.usedBy])).toEqual([
      ["/tls/site.pem", ["listener other"]],
      ["/more/client.pem", ["cluster app"]],
    ]);
    expect(b.metric("weir_certificate_expiry_seconds", "secure", "site")).toBeUndefined();
    b.secrets.close();
  });

  test("change nothing after the close", async () => {
    const b = await start();
    b.secrets.close();
    b.put("/tls", "site", second);
    await b.touch("/tls", 60_000);
    expect(b.secrets.certificate(SITE).current.serial).toBe("01");
  });
});

describe("authorities in use", () => {
  test("are replaced when their file is, and stay when it is bad", async () => {
    const b = await start();
    const version = b.secrets.authorities("/tls/ca.pem").current.version;
    b.files.texts.set("/tls/ca.pem", root.pem + mint({ name: "more", extensions: [authority()] }).pem);
    await b.touch("/tls");
    expect(b.secrets.authorities("/tls/ca.pem").current.anchors.length).toBe(2);
    expect(b.secrets.authorities("/tls/ca.pem").current.version).not.toBe(version);
    b.files.texts.set("/tls/ca.pem", "");
    await b.touch("/tls");
    await settle(b);
    expect(b.secrets.authorities("/tls/ca.pem").current.anchors.length).toBe(2);
    expect(certsStatus(b.secrets, MINTED_AT).authorities).toEqual([
      {
        file: "/tls/ca.pem",
        usedBy: ["listener secure", "cluster app"],
        certificates: 2,
        firstExpiry: "2040-01-01T00:00:00.999Z",
        problem: "give the authorities in PEM: found no certificate",
      },
    ]);
    b.secrets.close();
  });
});

describe("a model whose certificates can't be loaded", () => {
  test("is refused with a problem for each", async () => {
    const b = await start();
    const model = await modelOf(CONFIG.replaceAll("/tls/site", "/new/site").replace("/more/client.key", "/more/other.key"), {
      directoriesOf: async () => [],
      read: async (path) => b.files.texts.get(path.replace("/new/", "/tls/").replace("other", "client"))!,
    });
    const problems = await b.secrets.prepare(model);
    if ("uses" in problems) throw new Error("taken");
    expect(problems.map((p) => [p.path, p.message])).toEqual([
      ["listeners.secure.tls", 'certificate "site": make the file readable: reading "/new/site.pem" failed: no such file'],
      [
        "listeners.other.tls",
        'certificate "/new/site.pem": make the file readable: reading "/new/site.pem" failed: no such file',
      ],
      [
        "clusters.app.tls",
        'certificate "/more/client.pem": make the file readable: reading "/more/other.key" failed: no such file',
      ],
    ]);
    expect(b.secrets.certificate(SITE).current.serial).toBe("01");
    b.secrets.close();
  });
});

describe("the time left", () => {
  test("stands in the gauges", async () => {
    const b = await start();
    const left = (Date.UTC(2040, 0, 1) - MINTED_AT) / 1000;
    expect(b.metric("weir_certificate_expiry_seconds", "secure", "site")).toBe(left + 1);
    expect(b.metric("weir_certificate_expiry_seconds", "other", "/tls/site.pem")).toBe(left + 1);
    expect(b.metric("weir_cluster_certificate_expiry_seconds", "app", "/more/client.pem")).toBe(left + 1);
    await b.platform.advance(30_000);
    await turns();
    expect(b.metric("weir_certificate_expiry_seconds", "secure", "site")).toBe(left - 29);
    b.secrets.close();
  });

  test("is warned of once for each step, and once more when it is over", async () => {
    const b = await start();
    b.put("/tls", "site", made("site", 5, { notBefore: MINTED_AT - 90 * DAY, notAfter: MINTED_AT + 2.5 * DAY }));
    await b.touch("/tls");
    const events = (): unknown[] => b.log.splice(0).map((l) => [l.level, l.event, l.facts["listener"], l.facts["left"]]);
    expect(events()).toEqual([
      ["info", "certificate replaced", undefined, undefined],
      ["warning", "certificate expires soon", "secure", "2 days"],
      ["warning", "certificate expires soon", "other", "2 days"],
    ]);
    for (let i = 0; i < 10; i++) await b.secrets.look();
    expect(events()).toEqual([]);
    const skip = async (ms: number): Promise<void> => {
      await b.platform.advance(ms);
      await turns();
    };
    await skip(1.6 * DAY);
    expect(events()).toEqual([
      ["warning", "certificate expires soon", "secure", "23 hours"],
      ["warning", "certificate expires soon", "other", "23 hours"],
    ]);
    await skip(DAY);
    expect(events().slice(0, 1)).toEqual([
      ["error", "certificate has expired and is still served, renew it", "secure", undefined],
    ]);
    b.secrets.close();
  });
});

describe("on a disk", () => {
  test("a swapped symlink, as Kubernetes does it, and a renamed file are noticed", async () => {
    const dir = mkdtempSync(join(tmpdir(), "weir-secrets-"));
    const lay = (name: string, pair: Minted): void => {
      mkdirSync(join(dir, name));
      writeFileSync(join(dir, name, "site.pem"), pair.pem);
      writeFileSync(join(dir, name, "site.key"), pair.keyPem);
    };
    lay("v1", first);
    symlinkSync("v1", join(dir, "..data"));
    for (const f of ["site.pem", "site.key"]) symlinkSync(`..data/${f}`, join(dir, f));
    const platform = createNodePlatform("node", { onFault: () => {} });
    const secrets = new TlsSecrets({ platform, files: diskSecrets, metrics: new Metrics().tls, log: { log: () => {} } });
    const spec = { name: "site", cert: join(dir, "site.pem"), key: join(dir, "site.key") };
    try {
      const text = `listeners: { a: { address: ":1", tls: { certificates: [${JSON.stringify(spec)}] } } }\nroutes: [{ respond: {} }]\n`;
      const prepared = await secrets.prepare(await modelOf(text, diskSecrets));
      if (!("uses" in prepared)) throw new Error(prepared.map((p) => p.message).join());
      secrets.commit(prepared);
      await secrets.look();
      lay("v2", second);
      symlinkSync("v2", join(dir, "..new"));
      renameSync(join(dir, "..new"), join(dir, "..data"));
      await until("the new serial", () => secrets.certificate(spec).current.serial === "02", 20_000);
      const third = made("site", 3);
      for (const [name, content] of [
        ["site.key", third.keyPem],
        ["site.pem", third.pem],
      ] as const) {
        writeFileSync(join(dir, "v2", `${name}.tmp`), content);
        renameSync(join(dir, "v2", `${name}.tmp`), join(dir, "v2", name));
      }
      await until("the new serial", () => secrets.certificate(spec).current.serial === "03", 20_000);
    } finally {
      secrets.close();
      rmSync(dir, { recursive: true, force: true });
    }
    expect(secrets.certificate(spec).current.serial).toBe("03");
  }, 45_000);
});
