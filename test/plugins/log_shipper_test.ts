import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCase, type Step } from "./run_case.ts";
import { outputOf } from "./toolchain.ts";

const dir = join(import.meta.dirname, "..", "..", "plugins", "log-shipper");
const scratch = mkdtempSync(join(tmpdir(), "weir-plugin-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
const command = ["bun", join(dir, "main.ts")];

const records: Step = { send: { method: "log", params: { records: [{ status: 200 }, { status: 404 }], lost: 1 } } };
const lost: readonly Step[] = [
  { expect: { method: "count", params: { name: "lost", add: 1 } } },
  { expect: { method: "log", params: { level: "warn", message: "records were lost", facts: { count: 1 } } } },
];

test("the log shipper's own tests", async () => {
  const { code, text } = await outputOf("bun", ["--no-env-file", "--config=/dev/null", "test", "."], dir);
  expect(code, text).toBe(0);
}, 120_000);

test("the log shipper writes lines to a file", async () => {
  const file = join(scratch, "out.jsonl");
  const steps = [records, ...lost, { expect: { method: "count", params: { name: "shipped", add: 2 } } }];
  expect(await runCase({ name: "file", initialize: { config: { file } }, steps }, "binary", command)).toBeNull();
  expect(readFileSync(file, "utf8")).toBe('{"status":200}\n{"status":404}\n');
}, 60_000);

test("the log shipper posts lines to a cluster, again where it is not taken, and what waits at the end", async () => {
  const config = { cluster: "logs", path: "/in", retryMs: 1 };
  const post = (id: string, lines: string): Step => ({
    expect: {
      id: `$id:${id}`,
      method: "http",
      params: {
        cluster: "logs",
        method: "POST",
        path: "/in",
        fields: [["content-type", "application/x-ndjson"]],
        timeoutMs: 5000,
        "@bytes": lines,
      },
    },
  });
  const both = '{"status":200}\n{"status":404}\n';
  const steps: Step[] = [
    records,
    ...lost,
    post("a", both),
    { send: { id: "$id:a", result: { status: 503 } } },
    post("b", both),
    { send: { method: "log", params: { records: [{ status: 500 }] } } },
    { send: { id: 9, method: "shutdown" } },
    { send: { id: "$id:b", result: { status: 204 } } },
    { expect: { method: "count", params: { name: "shipped", add: 2 } } },
    post("c", '{"status":500}\n'),
    { send: { id: "$id:c", result: { status: 200 } } },
    { expect: { method: "count", params: { name: "shipped", add: 1 } } },
    { expect: { id: 9, result: {} } },
    { exit: 0 },
  ];
  expect(await runCase({ name: "cluster", initialize: { config }, steps }, "binary", command)).toBeNull();
}, 60_000);
