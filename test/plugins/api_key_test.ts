import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCase, type Step } from "./run_case.ts";
import { hasTool, outputOf } from "./toolchain.ts";

const dir = join(import.meta.dirname, "..", "..", "plugins", "api-key");
const scratch = mkdtempSync(join(tmpdir(), "weir-plugin-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

const has = await hasTool("go", ["version"]);
const name = has ? "the API-key authoriser" : "the API-key authoriser: skipped, install Go 1.21 or newer as go";

function head(id: number, path: string, fields: readonly (readonly [string, string])[]): Step {
  const request = { method: "GET", scheme: "http", authority: "a.example", path, fields };
  return { send: { id, method: "requestHead", params: { x: id, config: 0, deadlineMs: 5000, request, end: true } } };
}

describe.skipIf(!has)(name, () => {
  const program = join(scratch, "api-key");

  test("its own tests", async () => {
    Object.assign(process.env, { GOPROXY: "off", GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod" });
    for (const args of [
      ["test", "."],
      ["vet", "."],
      ["build", "-o", program, "."],
    ]) {
      const { code, text } = await outputOf("go", args, dir);
      expect(code, text).toBe(0);
    }
  }, 300_000);

  test("lets keys through and answers others", async () => {
    const cache = { key: ["field:x-key", "path"], ttlMs: 30_000 };
    const refused = {
      status: 401,
      fields: [
        ["www-authenticate", 'ApiKey realm="shop"'],
        ["content-type", "text/plain; charset=utf-8"],
        ["cache-control", "no-store"],
      ],
      "@bytes": "Pass an API key in the field x-key or the parameter key.\n",
    };
    const welcome = [
      ["set", "x-consumer", "acme"],
      ["remove", "x-key"],
    ];
    const metadata = { "api-key": { consumer: "acme" } };
    const config = { header: "X-Key", query: "key", realm: "shop", keys: [{ consumer: "acme", key: "k1" }] };
    const steps: Step[] = [
      {
        send: {
          id: 1,
          method: "initialize",
          params: { protocol: { min: 1, max: 1 }, host: { name: "weir", version: "1" }, config },
        },
      },
      { expect: { id: 1, result: { phases: { requestHead: { fields: ["x-key"] } }, "...": true } as never } },
      head(2, "/", []),
      { expect: { id: 2, result: { respond: refused, cache } } },
      head(3, "/", [["x-key", "k1"]]),
      { expect: { id: 3, result: { fields: welcome, metadata, cache } } },
      head(4, "/?key=k1&a=1", []),
      { expect: { id: 4, result: { fields: welcome, path: "/?a=1", metadata, cache } } },
      { send: { id: 5, method: "configure", params: { config: 1, value: { header: "other" } } } },
      { expect: { id: 5, error: { code: -32602, message: "$text:name the header other in the config of the plugin itself" } } },
    ];
    expect(await runCase({ name: "keys", start: false, steps }, "binary", [program])).toBeNull();
  });
});
