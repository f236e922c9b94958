import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { freePort } from "../support/ports.ts";
import { Program, type Ran, run } from "../support/program.ts";
import { openClient } from "../support/raw_client.ts";
import { root, subject } from "../support/subject.ts";

setDefaultTimeout(30_000);

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

/** What a person starts: the executable, or the launcher of the source. */
const program = subject === "dist" ? join(root, "dist", "weir") : join(root, "weir");
const runtime: Record<string, string> = subject === "dist" ? {} : { WEIR_RUNTIME: subject };

const GOOD = "listeners: { web: { address: ':8080' } }\nroutes: [{ respond: { body: hi } }]\n";
const ASKS_ENV = "listeners: { web: { address: ':8080' } }\nroutes: [{ respond: { body: '${WEIR_HOSTILE}' } }]\n";

describe("started in a directory that wants to have a say", () => {
  test("it runs nothing from there", async () => {
    using dir = new Scratch();
    lay(dir.path);
    const clean = await start(["version"], root);
    const ran = await start(["version"], dir.path);
    expect(ran).toEqual({ code: 0, signal: null, stdout: clean.stdout, stderr: "" });
    expect(existsSync(join(dir.path, "taken_over"))).toBe(false);
  });

  test("it takes no variable from a .env file there, and those of its environment", async () => {
    using dir = new Scratch();
    lay(dir.path);
    writeFileSync(join(dir.path, "weir.yaml"), ASKS_ENV);
    const without = await start(["check", "weir.yaml"], dir.path);
    expect(without.code).toBe(1);
    expect(without.stdout + without.stderr).toContain("WEIR_HOSTILE");
    expect((await start(["check", "weir.yaml"], dir.path, { WEIR_HOSTILE: "set by hand" })).code).toBe(0);
  });

  test("paths among the arguments are relative to it", async () => {
    using dir = new Scratch();
    mkdirSync(join(dir.path, "deep", "er"), { recursive: true });
    writeFileSync(join(dir.path, "deep", "some.yaml"), GOOD);
    expect((await start(["check", "../some.yaml"], join(dir.path, "deep", "er"))).code).toBe(0);
    expect((await start(["check", "some.yaml"], dir.path)).code).toBe(1);
  });
});

describe("started by a process that stays", () => {
  test("a signal reaches it, and its exit code comes back", async () => {
    const port = await freePort();
    using dir = new Scratch();
    const args = ["proxy", "--from", `127.0.0.1:${port}`, "--to", "127.0.0.1:9", "--control", join(dir.path, "weir.sock")];
    await using weir = new Program([program, ...args], { cwd: dir.path, env: runtime });
    await until("it to listen", () => weir.exit !== null || canConnect(port), 15_000);
    weir.signal("SIGTERM");
    expect(await weir.ended()).toEqual({ code: 0, signal: null });
    expect((await start(["frobnicate"], dir.path)).code).toBe(2);
  });
});

if (subject === "dist") {
  describe("the executable", () => {
    test("needs nothing beside it: no sources, no PATH, no environment", async () => {
      using dir = new Scratch();
      const moved = join(dir.path, "weir");
      copyFileSync(program, moved);
      writeFileSync(join(dir.path, "some.yaml"), GOOD);
      const bare = async (...args: string[]): Promise<Ran> => run(["/usr/bin/env", "-i", moved, ...args], { cwd: dir.path });
      const told = await bare("version");
      expect([told.code, told.stderr]).toEqual([0, ""]);
      expect(told.stdout).toContain(version);
      expect((await bare("check", "some.yaml")).code).toBe(0);
      expect((await bare("schema")).code).toBe(0);
    });

    test("tells the commit that it was made of", async () => {
      const { stdout } = await start(["version", "--json"], root);
      expect((JSON.parse(stdout) as { build: string }).build).toMatch(/, (?:[0-9a-f]{12}(?:-dirty)?|unknown)$/);
    });
  });
} else {
  describe("the launcher", () => {
    test("works through a symlink", async () => {
      using dir = new Scratch();
      symlinkSync(program, join(dir.path, "absolute"));
      symlinkSync("absolute", join(dir.path, "relative"));
      const told = await run([join(dir.path, "relative"), "version"], { cwd: dir.path, env: runtime });
      expect([told.code, told.stderr]).toEqual([0, ""]);
      expect(told.stdout).toContain(version);
    });

    test("refuses a runtime that it does not know, and says which it does", async () => {
      const ran = await start(["version"], root, { WEIR_RUNTIME: "nodejs" });
      expect(ran).toEqual({
        code: 2,
        signal: null,
        stdout: "",
        stderr: "weir: set WEIR_RUNTIME to 'bun' or 'deno': found 'nodejs'\n",
      });
    });
  });
}

function start(args: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<Ran> {
  return run([program, ...args], { cwd, env: { NO_COLOR: "1", ...runtime, ...env } });
}

async function canConnect(port: number): Promise<boolean> {
  try {
    (await openClient(port)).destroy();
    return true;
  } catch {
    return false;
  }
}

class Scratch {
  readonly path = mkdtempSync(join(tmpdir(), "weir-start-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Every file by which one of the runtimes could be told to run something else, or to run with other variables. */
function lay(dir: string): void {
  const code = `require("node:fs").writeFileSync(${JSON.stringify(join(dir, "taken_over"))}, ""); console.log("taken over");\n`;
  const paths = { yaml: ["./evil.cjs"], hono: ["./evil.cjs"], zod: ["./evil.cjs"] };
  const imports = { yaml: "./evil.cjs", hono: "./evil.cjs", zod: "./evil.cjs" };
  writeFileSync(join(dir, "evil.cjs"), code);
  writeFileSync(join(dir, "bunfig.toml"), 'preload = ["./evil.cjs"]\n[run]\npreload = ["./evil.cjs"]\n');
  for (const name of [".env", ".env.local", ".env.production", ".env.development"]) {
    writeFileSync(
      join(dir, name),
      `WEIR_HOSTILE=${name}\nBUN_OPTIONS="--preload ./evil.cjs"\nNODE_OPTIONS="--require ./evil.cjs"\n`,
    );
  }
  writeFileSync(join(dir, "package.json"), JSON.stringify({ type: "commonjs", main: "evil.cjs", imports }));
  writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions: { baseUrl: ".", paths } }));
  writeFileSync(join(dir, "deno.json"), JSON.stringify({ imports, preload: ["./evil.cjs"] }));
  for (const name of ["yaml", "hono", "zod"]) {
    const home = join(dir, "node_modules", name);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "package.json"), JSON.stringify({ name, version: "9.9.9", main: "index.js" }));
    writeFileSync(join(home, "index.js"), code);
  }
}
