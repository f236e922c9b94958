import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_LIMIT_MS, parseUnit, settings } from "../support/unit_file.ts";

const root = join(import.meta.dirname, "..", "..");
const config = (name: string): string => readFileSync(join(root, "config", name), "utf8");
const cli = readFileSync(join(root, "src", "cli", "cli.ts"), "utf8");
const commands = new Set(
  [...cli.matchAll(/\.command\("([a-z-]+)/g), ...cli.matchAll(/^ {2}"?([a-z-]+)"?: "/gm)].map((m) => m[1]!),
);

function expectCommand(words: readonly string[]): void {
  expect(words[0]).toBe("/usr/bin/weir");
  expect(commands.has(words[1]!)).toBe(true);
  for (const option of words.filter((w) => w.startsWith("--"))) expect(cli).toContain(option);
}

describe("config/weir.service", () => {
  const unit = parseUnit(config("weir.service"));
  const service = (key: string): string => settings(unit, "Service", key).at(-1) ?? "";

  test("starts weir by a command that there is", () => {
    expectCommand(service("ExecStart").split(" "));
    expect(settings(unit, "Service", "ExecReload")).toEqual([]);
  });

  test("lets an upgraded process speak, and signals the main process alone", () => {
    expect(service("Type")).toBe("notify-reload");
    expect(service("NotifyAccess")).toBe("all");
    expect(service("KillMode")).toBe("mixed");
    expect(Number(service("WatchdogSec"))).toBeGreaterThanOrEqual(10);
    expect(Number(service("TimeoutStopSec")) * 1000).toBeGreaterThan(DEFAULT_LIMIT_MS);
  });

  test("gives the rights that are needed and no others", () => {
    expect(service("User")).toBe("weir");
    for (const key of ["AmbientCapabilities", "CapabilityBoundingSet"]) expect(service(key)).toBe("CAP_NET_BIND_SERVICE");
    for (const key of ["NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictNamespaces"])
      expect(service(key)).toBe("yes");
    expect(service("ProtectSystem")).toBe("strict");
    // The runtimes compile to machine code.
    expect(service("MemoryDenyWriteExecute")).toBe("");
    expect(Number(service("LimitNOFILE"))).toBeGreaterThanOrEqual(65536);
    expect(service("RuntimeDirectory")).toBe("weir");
    expect(service("Environment")).toBe("XDG_RUNTIME_DIR=/run");
  });
});

describe("config/weir.socket", () => {
  const unit = parseUnit(config("weir.socket"));

  test("has sockets that weir accepts from itself, and all workers from the same", () => {
    expect(settings(unit, "Socket", "ListenStream")).toEqual(["80", "443"]);
    expect(settings(unit, "Socket", "Accept")).toEqual([]);
    expect(settings(unit, "Socket", "ReusePort")).toEqual(["no"]);
    expect(settings(unit, "Socket", "Service")).toEqual(["weir.service"]);
  });
});

const analyze = spawnSync("systemd-analyze", ["--version"], { encoding: "utf8" });
const version = Number(/^systemd (\d+)/.exec(analyze.stdout ?? "")?.[1] ?? 0);
const onSystemd = version > 0 ? test : test.skip;

describe("systemd itself", () => {
  onSystemd("finds nothing wrong with the units (skipped where it is not installed)", () => {
    const dir = mkdtempSync(join(tmpdir(), "weir-units-"));
    try {
      // What it starts has to be there, and so has its user.
      const here = config("weir.service")
        .replaceAll("/usr/bin/weir", "/bin/true")
        .replace(/^(?:User|Group)=weir$/gm, "");
      writeFileSync(join(dir, "weir.service"), here);
      writeFileSync(join(dir, "weir.socket"), config("weir.socket"));
      const ran = spawnSync("systemd-analyze", ["verify", join(dir, "weir.service"), join(dir, "weir.socket")], {
        encoding: "utf8",
      });
      const known = version < 253 ? /Failed to parse service type, ignoring: notify-reload/ : /^$/;
      const said = ran.stderr.split("\n").filter((l) => l.includes("weir.") && !known.test(l));
      expect([ran.status, said]).toEqual([0, []]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

interface Instruction {
  readonly word: string;
  readonly rest: string;
}

function parseDockerfile(text: string): Instruction[] {
  return text
    .replace(/^#.*\n/gm, "")
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((l) => l.trim() !== "")
    .map((l) => {
      const [, word, rest] = /^([A-Z]+) +(.*)$/.exec(l) ?? [];
      if (word === undefined) throw new Error(`no instruction: ${l}`);
      return { word, rest: rest! };
    });
}

describe("config/Dockerfile", () => {
  const all = parseDockerfile(config("Dockerfile"));
  const from = all.flatMap((i, at) => (i.word === "FROM" ? [at] : []));
  const last = all.slice(from.at(-1)!);
  const the = (word: string): string => last.findLast((i) => i.word === word)?.rest ?? "";

  test("has two stages, and only instructions that there are", () => {
    const known = "FROM WORKDIR COPY RUN USER ENV EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD".split(" ");
    expect(all.filter((i) => !known.includes(i.word))).toEqual([]);
    expect(from.length).toBe(2);
    for (const at of from) expect(all[at]!.rest).toMatch(/^[a-z0-9./-]+(?::[a-z0-9.-]+)?(?: AS [a-z]+)?$/);
  });

  test("builds with what is in the repository, and copies what was built", () => {
    const runs = all
      .slice(0, from[1])
      .filter((i) => i.word === "RUN")
      .map((i) => i.rest);
    expect(runs[0]).toBe("./compile.sh");
    const copied = /cp (\S+) (\S+)\/(\S+)$/.exec(runs[1]!)!;
    expect(existsSync(join(root, copied[1]!))).toBe(true);
    const made = [...runs[1]!.matchAll(/(\/image\/\S+)/g)].map((m) => m[1]!);
    const sources = last.filter((i) => i.word === "COPY").map((i) => /^(?:--\S+ )+(\S+) \S+$/.exec(i.rest)![1]!);
    expect(sources.filter((s) => s !== "/weir/dist/weir" && !made.includes(s))).toEqual([]);
    expect(sources).toContain("/weir/dist/weir");
  });

  test("runs as nobody in particular, ends by SIGTERM, and can be asked how it is", () => {
    expect(the("USER")).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(the("STOPSIGNAL")).toBe("SIGTERM");
    expectCommand([...(JSON.parse(the("ENTRYPOINT")) as string[]), ...(JSON.parse(the("CMD")) as string[])]);
    expectCommand(JSON.parse(/CMD (\[.*\])$/.exec(the("HEALTHCHECK"))![1]!) as string[]);
    expect(the("ENV")).toBe("XDG_RUNTIME_DIR=/run");
  });

  test("does not send what is built anew", () => {
    expect(config("Dockerfile.dockerignore").trim().split("\n")).toEqual([".git", "node_modules", "dist"]);
  });
});
