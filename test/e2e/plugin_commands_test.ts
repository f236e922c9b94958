import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasTool, outputOf } from "../plugins/toolchain.ts";
import { freePort } from "../support/ports.ts";
import { curl } from "../support/program.ts";
import { root } from "../support/subject.ts";
import { openScratch, runWeir, startArgs, startWeir } from "../support/weir.ts";

setDefaultTimeout(60_000);

interface Language {
  readonly name: string;
  readonly has: boolean;
  readonly lacks: string;
  readonly build?: readonly string[];
}

// Nothing is fetched: crates lie in cargo's own folder, or the case is left out.
Object.assign(process.env, { GOPROXY: "off", GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod" });
const canary = join(root, "plugins", "canary", "Cargo.toml");
/** The library's folder, so that what both need is built once. */
const target = join(root, "plugins", "sdk", "rust", "target");

const LANGUAGES: readonly Language[] = [
  {
    name: "python",
    has: await hasTool("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]),
    lacks: "install Python 3.9 or newer as python3",
  },
  { name: "shell", has: await hasTool("jq", ["--version"]), lacks: "install jq" },
  { name: "typescript", has: true, lacks: "" },
  {
    name: "go",
    has: await hasTool("go", ["version"]),
    lacks: "install Go 1.21 or newer as go",
    build: ["go", "build", "-o", "hello", "."],
  },
  {
    name: "rust",
    has: await hasTool("cargo", ["fetch", "--locked", "--manifest-path", canary]),
    lacks: "install cargo and let it fetch plugins/canary",
    build: ["cargo", "build", "--offline", "--config", "profile.dev.debug=false"],
  },
];

interface Made {
  readonly folder: string;
  readonly build: string | null;
  readonly command: readonly string[];
  readonly config: { readonly plugins: string };
}

/** A runtime takes a while to start beside others that do, so the config gets longer limits: the rest is what was printed. */
function patient(line: string): string {
  return line.replace(/ \}$/, ", startTimeout: 20s, timeout: 5s }");
}

describe("a stranger's path", () => {
  for (const { name, has, lacks, build } of LANGUAGES)
    test.skipIf(!has)(
      has ? `in ${name}` : `in ${name}: skipped, ${lacks}`,
      async () => {
        using scratch = openScratch();
        const { dir } = scratch;
        const said = await runWeir(["plugin", "new", name, "hello", "--json"], { cwd: dir });
        expect(said.code, said.stderr).toBe(0);
        const made = JSON.parse(said.stdout) as Made;
        const folder = join(dir, "hello");
        if (build !== undefined) {
          expect(made.build!.startsWith(build.slice(0, 2).join(" "))).toBe(true);
          const [program, ...args] = build[0] === "cargo" ? [...build, "--target-dir", target] : build;
          const built = await outputOf(program!, args, folder);
          expect(built.code, built.text).toBe(0);
          if (program === "cargo") {
            // Without optimizing, which takes minutes.
            mkdirSync(join(folder, "target"));
            symlinkSync(join(target, "debug"), join(folder, "target", "release"));
          }
        }

        const [web, adminPort] = await Promise.all([freePort(), freePort()]);
        const more = `admin: { address: "127.0.0.1:${adminPort}" }\ncontrol: weir.sock\n`;
        const own = `listeners: { web: { address: "127.0.0.1:${web}" } }\nroutes:\n  - { filters: [{ plugin: hello }], respond: { body: hi } }\n`;
        await using weir = await startWeir(`${more}${own}plugins:\n  ${patient(made.config.plugins)}\n`, {
          dir,
          adminPort,
          cwd: dir,
        });
        expect((await curl("-si", `http://127.0.0.1:${web}/`)).stdout).toMatch(/^x-hello: hello\r$/im);
        await weir.kill();

        const tested = await runWeir(["plugin", "test", "--timeout", "30", "--", ...made.command], { cwd: folder, ms: 60_000 });
        expect(tested.stdout, tested.stderr).toContain("1 passed, 0 failed");
        expect(tested.code).toBe(0);
      },
      600_000,
    );

  test.skipIf(!LANGUAGES[0]!.has)("with the config that was made, whose place is named or not", async () => {
    using scratch = openScratch();
    const { dir } = scratch;
    expect((await runWeir(["plugin", "new", "python", "hello"], { cwd: dir })).code).toBe(0);
    const file = join(dir, "hello", "weir.yaml");
    const [web, adminPort] = await Promise.all([freePort(), freePort()]);
    const own = `admin: { address: "127.0.0.1:${adminPort}" }\ncontrol: weir.sock\n`;
    writeFileSync(file, own + patient(readFileSync(file, "utf8").trimEnd()).replaceAll("8080", `${web}`));
    const o = { dir, adminPort };
    for (const [config, cwd] of [
      ["hello/weir.yaml", dir],
      ["weir.yaml", join(dir, "hello")],
    ] as const) {
      await using _ = await startArgs(["run", config], { ...o, cwd });
      expect((await curl("-si", `http://127.0.0.1:${web}/`)).stdout).toMatch(/^x-hello: hello\r$/im);
    }
    expect((await runWeir(["plugin", "new", "python", "hello"], { cwd: dir })).code).toBe(1);
  });
});

describe.skipIf(!LANGUAGES[0]!.has)("weir plugin test", () => {
  test("shows where an answer is another one, and takes it when it is told to", async () => {
    using scratch = openScratch();
    const folder = join(scratch.dir, "hello");
    await runWeir(["plugin", "new", "python", "hello"], { cwd: scratch.dir });
    const fixture = join(folder, "fixtures", "hello.json");
    const good = readFileSync(fixture, "utf8");
    writeFileSync(fixture, good.replace('"x-hello", "hello"', '"x-hello", "hallo"'));
    const failed = await runWeir(["plugin", "test"], { cwd: folder });
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('at fields[0][2]\n          - wanted "hallo"\n          + found  "hello"\n');
    const asJson = JSON.parse((await runWeir(["plugin", "test", "--json"], { cwd: folder })).stdout);
    expect(asJson).toMatchObject({ ok: false, passed: 0, failed: 1, cases: [{ name: "sets x-hello", ok: false }] });
    expect((await runWeir(["plugin", "test", "--update"], { cwd: folder })).code).toBe(0);
    expect(readFileSync(fixture, "utf8")).toBe(good);
  });

  test("shows what a plugin says that does not start, and wants to know which", async () => {
    using scratch = openScratch();
    await runWeir(["plugin", "new", "python", "hello"], { cwd: scratch.dir });
    const cwd = join(scratch.dir, "hello");
    const broken = await runWeir(["plugin", "test", "--", "python3", "-c", "import sys; sys.exit('it is broken')"], { cwd });
    expect([broken.code, broken.stdout.includes("it is broken")]).toEqual([1, true]);
    expect((await runWeir(["plugin", "test", "--plugin", "other"], { cwd })).code).toBe(2);
    expect((await runWeir(["plugin", "test", "--fixtures", "nowhere"], { cwd })).code).toBe(1);
  });

  test("runs the cases for libraries", async () => {
    const conformance = join(root, "plugins", "sdk", "python", "conformance", "main.py");
    const args = ["plugin", "test", "--conformance", "--only", "ping", "--timeout", "30", "--", "python3", conformance];
    const { code, stdout } = await runWeir(args);
    expect([code, /[1-9]\d* passed, 0 failed/.test(stdout)], stdout).toEqual([0, true]);
  });
});

describe.skipIf(!LANGUAGES[0]!.has)("weir plugin bench", () => {
  test("tells how fast a plugin is", async () => {
    using scratch = openScratch();
    await runWeir(["plugin", "new", "python", "hello"], { cwd: scratch.dir });
    const cwd = join(scratch.dir, "hello");
    const file = join(cwd, "weir.yaml");
    writeFileSync(file, patient(readFileSync(file, "utf8").trimEnd()));
    const args = ["plugin", "bench", "--rate", "50", "--concurrency", "2", "--seconds", "0.5", "--json"];
    const { code, stdout, stderr } = await runWeir(args, { cwd, ms: 60_000 });
    expect(code, stderr).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      name: "hello",
      phase: "responseHead",
      paced: { answered: 25, failed: 0 },
      saturated: { failed: 0 },
    });
    for (const { roundTripMs: r } of [found.paced, found.saturated]) {
      expect(r.p50).toBeGreaterThan(0);
      expect(r.max).toBeGreaterThanOrEqual(r.p50);
    }
    if (process.platform === "linux") expect(found.paced.cpuUs.plugin).toBeGreaterThanOrEqual(0);
    expect(existsSync("/proc/self") ? found.memoryBytes : 1).toBeGreaterThan(0);
  });

  test("says why a plugin does not start", async () => {
    const { code, stderr } = await runWeir(["plugin", "bench", "--", "python3", "-c", "print('hi')"]);
    expect(code).toBe(1);
    expect(stderr).toContain("the plugin does not start");
  });
});
