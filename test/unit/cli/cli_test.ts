import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../../src/cli/cli.ts";
import type { CliDeps, ControlRequest, RunRequest } from "../../../src/cli/deps.ts";
import type { Model } from "../../../src/config/model.ts";
import { EVERY_ABILITY } from "../../../src/config/runtime_abilities.ts";
import { createMemoryPlatform } from "../../../src/platform/memory.ts";

const directory = mkdtempSync(join(tmpdir(), "weir-cli-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const GOOD = lay(
  "good.yaml",
  "name: edge\nlisteners: { web: { address: ':8080' } }\nroutes: [{ name: hi, respond: { body: hi } }]\n",
);
const BAD = lay("bad.yaml", "listeners: { web: { address: ':8080' } }\nrouts: []\n");
const WARNED = lay("warned.yaml", "listeners: { web: { address: ':8080' } }\n");

function lay(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly runs: readonly RunRequest[];
  readonly proxies: readonly Model[];
  readonly controls: readonly ControlRequest[];
}

async function weir(...argv: string[]): Promise<Ran> {
  let out = "";
  let err = "";
  const runs: RunRequest[] = [];
  const proxies: Model[] = [];
  const controls: ControlRequest[] = [];
  const deps: CliDeps = {
    io: {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      outIsTerminal: false,
      errIsTerminal: false,
      env: { XDG_RUNTIME_DIR: "/run/user/7" },
      uid: 7,
      runtime: EVERY_ABILITY,
    },
    about: { version: "1.2.3", runtime: "bun 1", build: "linux x64" },
    run: async (request) => {
      runs.push(request);
      return 0;
    },
    createPlatform: async () => createMemoryPlatform(),
    proxy: async (model) => {
      proxies.push(model);
      return 0;
    },
    control: async (request) => {
      controls.push(request);
      return 3;
    },
  };
  const code = await runCli(argv, deps);
  return { code, out, err, runs, proxies, controls };
}

describe("wrong usage ends with 2 and a hint:", () => {
  const rows: readonly [string, readonly string[], string][] = [
    ["no command", [], "Usage: weir"],
    ["an unknown command", ["frobnicate"], "unknown command 'frobnicate'"],
    ["a misspelt command", ["chekc", "x"], "Did you mean check?"],
    ["a misspelt option", ["check", "--jsn", "x"], "Did you mean --json?"],
    ["check without a file", ["check"], "missing required argument 'config'"],
    ["too many arguments", ["run", "a", "b"], "too many arguments"],
    ["proxy without --to", ["proxy", "--from", ":1"], "--to <address>"],
    ["proxy with wrong addresses", ["proxy", "--from", "8080", "--to", "http://a/"], "option '--from'"],
    ["workers that are no number", ["run", "--workers", "many", "x"], "Give auto, or a number"],
    ["no workers", ["run", "--workers", "0", "x"], "Give auto, or a number"],
    ["explain with a header that is none", ["explain", GOOD, "GET", "http://a/", "-H", "x"], "'name: value'"],
    ["explain with a URL that is none", ["explain", GOOD, "GET", "a"], "write a URL"],
    ["explain with a listener that is none", ["explain", GOOD, "GET", "http://a/", "--listener", "wbe"], '"web"'],
  ];
  for (const [what, argv, said] of rows) {
    test(what, async () => {
      const { code, out, err, runs } = await weir(...argv);
      expect([code, out, runs.length]).toEqual([2, "", 0]);
      expect(err).toContain(said);
    });
  }
});

describe("help and version", () => {
  test("are no failure", async () => {
    for (const argv of [["help"], ["--help"], ["run", "--help"]]) expect((await weir(...argv)).code).toBe(0);
    expect(await weir("--version")).toMatchObject({ code: 0, out: "weir 1.2.3 (bun 1, linux x64)\n" });
    expect(await weir("version")).toMatchObject({ code: 0, out: "weir 1.2.3 (bun 1, linux x64)\n" });
  });

  test("version as JSON", async () => {
    const { out } = await weir("version", "--json");
    expect(JSON.parse(out)).toEqual({ name: "weir", version: "1.2.3", runtime: "bun 1", build: "linux x64" });
  });
});

describe("check", () => {
  test("ends with 0 for a good config and for warnings, 1 for errors in any", async () => {
    expect(await weir("check", GOOD)).toMatchObject({ code: 0, out: `${GOOD}: ok, no problems\n` });
    expect((await weir("check", WARNED)).code).toBe(0);
    const { code, out } = await weir("check", GOOD, BAD);
    expect(code).toBe(1);
    expect(out).toContain(`${BAD}:2:1: error:`);
    expect(out).toContain('did you mean "routes"?');
    expect(out).toEndWith(`${BAD}: refused, 1 error\n`);
  });

  test("answers in JSON", async () => {
    const { code, out } = await weir("check", "--json", GOOD, BAD);
    expect(code).toBe(1);
    const [good, bad] = JSON.parse(out) as { config: string; ok: boolean; problems: { place: { line: number } }[] }[];
    expect([good!.ok, good!.problems]).toEqual([true, []]);
    expect([bad!.config, bad!.ok, bad!.problems[0]!.place.line]).toEqual([BAD, false, 2]);
  });
});

describe("run", () => {
  test("starts with a good config", async () => {
    const { code, runs } = await weir("run", "--workers", "auto", GOOD);
    expect([code, runs.map((r) => [r.configPath, r.loaded.model.name])]).toEqual([0, [[GOOD, "edge"]]]);
  });

  test("tells a bad one on stderr and starts nothing", async () => {
    const { code, out, err, runs } = await weir("run", BAD);
    expect([code, out, runs.length]).toEqual([1, "", 0]);
    expect(err).toContain(`${BAD}:2:1: error:`);
  });

  test("takes weir.yaml of the working directory", async () => {
    const { code, err } = await weir("run");
    expect(code).toBe(1);
    expect(err).toContain('"weir.yaml"');
  });
});

describe("proxy", () => {
  test("takes several addresses", async () => {
    const { code, proxies } = await weir("proxy", "--from", ":1", "--from", ":2", "--to", "a:3", "--to", "b:4");
    expect(code).toBe(0);
    expect([proxies[0]!.listeners.size, proxies[0]!.clusters.get("upstream")!.endpoints.length]).toEqual([2, 2]);
  });

  test("writes an access log when asked to", async () => {
    const words = ["proxy", "--from", ":1", "--to", "a:3"];
    expect((await weir(...words)).proxies[0]!.accessLogs).toEqual([]);
    expect((await weir(...words, "--access-log")).proxies[0]!.accessLogs[0]!.to).toEqual({ kind: "stdout" });
    expect((await weir(...words, "--access-log", "/a.log")).proxies[0]!.accessLogs[0]!.to).toEqual({
      kind: "file",
      path: "/a.log",
    });
  });
});

describe("reload, drain, stop, status and certs", () => {
  test("go to the socket that is told, or the config's, or the default one", async () => {
    const at = async (...argv: string[]): Promise<unknown> => (await weir(...argv)).controls[0];
    expect(await at("reload", "--control", "/x")).toEqual({ command: "reload", socket: "/x", json: false });
    expect(await at("drain", "--config", GOOD)).toEqual({ command: "drain", socket: "/run/user/7/weir/edge.sock", json: false });
    expect(await at("stop")).toEqual({ command: "stop", socket: "/run/user/7/weir/weir.sock", json: false });
    expect(await at("status", "--json")).toEqual({ command: "status", socket: "/run/user/7/weir/weir.sock", json: true });
    expect(await at("certs")).toMatchObject({ command: "certs", json: false });
    expect((await weir("status")).code).toBe(3);
  });

  test("ask for --control when the config can't be read", async () => {
    const { code, err, controls } = await weir("status", "--config", BAD);
    expect([code, controls.length]).toEqual([1, 0]);
    expect(err).toContain("--control");
  });
});
