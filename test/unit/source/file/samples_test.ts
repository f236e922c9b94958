import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../../../src/source/file/load_config.ts";

const directory = join(import.meta.dirname, "..", "..", "..", "..", "config");
const samples = [...readdirSync(directory).filter((name) => name.endsWith(".yaml")), join("include", "weir.yaml")];

/** Samples that name files which are made by a command in their comments. */
const made = ["tls.yaml"];

describe("a sample has no problem, not even a warning:", () => {
  for (const name of samples.filter((s) => !made.includes(s))) {
    test(name, async () => {
      const { model, problems } = await loadConfig(join(directory, name), {});
      expect(problems.map((p) => `${p.place?.line}: ${p.message}`)).toEqual([]);
      expect((model?.listeners.size ?? 0) + (model?.udpListeners.size ?? 0)).toBeGreaterThan(0);
    });
  }
});

describe("a sample has no problem when its command has been run:", () => {
  for (const name of made) {
    test(name, async () => {
      const text = readFileSync(join(directory, name), "utf8");
      const command = /^# {3}(.*openssl .*)$/m.exec(text)![1]!;
      const dir = mkdtempSync(join(tmpdir(), "weir-sample-"));
      try {
        mkdirSync(join(dir, "config"));
        writeFileSync(join(dir, "config", name), text);
        const ran = spawnSync("sh", ["-c", command], { cwd: dir, encoding: "utf8" });
        expect(ran.error?.message ?? "").toBe("");
        expect(ran.status, ran.stderr).toBe(0);
        const { model, problems } = await loadConfig(join(dir, "config", name), {});
        expect(problems.map((p) => `${p.place?.line}: ${p.message}`)).toEqual([]);
        expect(model?.listeners.size).toBeGreaterThan(0);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    });
  }
});

test("the upstreams of quickstart.yaml are listeners of the same file", async () => {
  const { model } = await loadConfig(join(directory, "quickstart.yaml"), {});
  const bound = [...model!.listeners.values()].map((l) => JSON.stringify(l.bind));
  for (const cluster of model!.clusters.values())
    for (const e of cluster.endpoints) expect(bound).toContain(JSON.stringify(e.address));
});

test("the sample of many files has what each of them brings", async () => {
  const { model, files } = await loadConfig(join(directory, "include", "weir.yaml"), {});
  expect(files.length).toBe(4);
  expect([...model!.clusters.keys()]).toEqual(["shop", "cart", "reports"]);
  const routes = [...model!.routeTables.values()].flatMap((t) => t.virtualHosts.flatMap((h) => h.routes));
  expect(routes.map((r) => [r.name, r.timeoutMs]).sort()).toEqual([
    ["cart", 5000],
    ["reports", null],
    ["shop", 30_000],
  ]);
});
