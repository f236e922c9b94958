import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type Case, runCase, type Step } from "./run_case.ts";
import { hasTool, outputOf } from "./toolchain.ts";

const plugins = join(import.meta.dirname, "..", "..", "plugins");
const hasPython = await hasTool("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]);
const hasJq = await hasTool("jq", ["--version"]);
const hasCargo = await hasTool("cargo", ["fetch", "--locked", "--manifest-path", join(plugins, "canary", "Cargo.toml")]);

function head(id: number, fields: readonly (readonly [string, string])[], config = 0): Step {
  const request = { method: "GET", scheme: "http", authority: "a.example", path: "/", fields };
  return { send: { id, method: "requestHead", params: { x: id, config, deadlineMs: 5000, request, end: true } } };
}

function passes(command: readonly string[], steps: readonly Step[], more: Partial<Case> = {}): Promise<string | null> {
  return runCase({ name: "sample", steps, ...more }, "binary", command);
}

describe.skipIf(!hasPython)(hasPython ? "the redactor" : "the redactor: skipped, install Python 3.9 or newer as python3", () => {
  const command = ["python3", join(plugins, "redactor", "main.py")];

  test("its own tests", async () => {
    const { code, text } = await outputOf("python3", ["-W", "error", "-m", "unittest"], join(plugins, "redactor"));
    expect(code, text).toBe(0);
  }, 120_000);

  test("takes a card number out of a body in pieces", async () => {
    const send = (bytes: string, end: boolean): Step => ({
      send: { method: "responseData", params: { x: 1, config: 0, end, "@bytes": bytes } },
    });
    const steps = [
      send("card 4111 11", false),
      send("11 1111 1111.", true),
      { collect: { method: "responseOut", x: 1, bytes: "card **** **** **** 1111.", end: true } },
      { credit: { method: "responseTaken", x: 1, bytes: 25 } },
      { expect: { method: "count", params: { name: "redacted", add: 1, labels: { rule: "card" } } } },
    ];
    expect(await passes(command, steps)).toBeNull();
  });
});

describe.skipIf(!hasJq)(hasJq ? "the plugin in shell" : "the plugin in shell: skipped, install jq", () => {
  const command = [join(plugins, "shell-hello", "shell-hello")];

  test("says what it is", async () => {
    const said = { name: "shell-hello", version: "1.0", phases: { requestHead: { fields: ["user-agent"] } } };
    expect(await passes(command, [{ stdout: said }, { exit: 0 }], { args: ["--describe"], start: false })).toBeNull();
    expect(await passes(command, [{ stderr: "is a plugin of Weir" }, { exit: 1 }], { cookie: false, start: false })).toBeNull();
  });

  test("changes a head, and ends when it is told", async () => {
    const steps: Step[] = [
      head(2, [["user-agent", "curl/8.5"]]),
      { expect: { id: 2, result: { fields: [["set", "x-hello", "curl/8.5"]] } } },
      head(3, []),
      { expect: { id: 3, result: { fields: [["set", "x-hello", "?"]] } } },
      { send: { method: "later" } },
      { send: { id: 4, method: "later" } },
      { expect: { id: 4, error: { code: -32601, message: "$any" } } },
      { send: { id: 8, method: "requestHead", params: { request: 7 } } },
      { expect: { id: 8, error: { code: -32603, message: "$any" } } },
      { send: { id: 5, method: "ping" } },
      { expect: { id: 5, result: {} } },
      { send: { id: 6, method: "shutdown" } },
      { expect: { id: 6, result: {} } },
      { exit: 0 },
    ];
    expect(await passes(command, steps)).toBeNull();
  });

  test("ends with its input", async () => {
    expect(await passes(command, [{ close: true }, { exit: 0 }])).toBeNull();
  });
});

describe("the plugin in shell, without jq", () => {
  test("says what is missing", async () => {
    const missing = "env PATH=/nowhere WEIR_PLUGIN=stdio-jsonrpc-1 /bin/sh";
    const line = '{"jsonrpc":"2.0","id":7,"method":"initialize","params":{}}';
    const script = join(plugins, "shell-hello", "shell-hello");
    const { code, text } = await outputOf("sh", ["-c", `echo '${line}' | ${missing} '${script}'`], ".");
    expect(code).toBe(1);
    expect(text).toContain("install jq");
    expect(text).toContain('"error":{"code":-32603');
  });
});

describe.skipIf(!hasCargo)(hasCargo ? "the canary" : "the canary: skipped, install cargo and let it fetch plugins/canary", () => {
  // The library's folder, so that what both need is built once.
  const target = join(plugins, "sdk", "rust", "target");
  const command = [join(target, "debug", "canary")];
  const config = { header: "x-user", shares: [{ cluster: "next", percent: 50 }] };

  test("its own tests", async () => {
    for (const what of ["test", "build"]) {
      const args = [what, "--offline", "--locked", "--target-dir", target];
      const { code, text } = await outputOf("cargo", args, join(plugins, "canary"));
      expect(code, text).toBe(0);
    }
  }, 600_000);

  test("chooses by a header, the same each time", async () => {
    const cache = { key: ["field:x-user"], ttlMs: 60_000 };
    const steps: Step[] = [
      head(2, []),
      { expect: { id: 2, result: {} } },
      head(3, [["x-user", "user-1"]]),
      { expect: { id: 3, result: { cache } } },
      head(4, [["x-user", "user-3"]]),
      { expect: { id: 4, result: { cluster: "next", metadata: { canary: { cluster: "next" } }, cache } } },
    ];
    expect(await passes(command, steps, { initialize: { config } })).toBeNull();
  });

  test("chooses by a cookie in a use of its own", async () => {
    const value = { cookie: "uid", shares: [{ cluster: "next", percent: 100 }] };
    const steps: Step[] = [
      { send: { id: 2, method: "configure", params: { config: 1, value } } },
      { expect: { id: 2, result: {} } },
      head(3, [["cookie", "a=b; uid=7"]], 1),
      { expect: { id: 3, result: { cluster: "next", "...": true } } },
      { send: { id: 4, method: "configure", params: { config: 2, value: config } } },
      { expect: { id: 4, error: { code: -32603, message: "$text:name the header x-user" } } },
    ];
    expect(await passes(command, steps)).toBeNull();
  });
});
