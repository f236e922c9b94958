// What health checks cost an idle weir: `bun bench/health/main.ts [--runtime bun|deno] [--probe http|http-new|tcp] [--clusters 1000]
// [--hosts 10] [--interval 10s] [--workers 1] [--seconds 20]`. Prints the CPU time of weir and all its processes, in % of one core.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { memoryOf, processTree } from "../rivals/measure/proc.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const BIN = join(ROOT, "node_modules", ".bin");
const ORIGIN_PORT = 18_900;
const ADMIN_PORT = 18_901;
/** Clock ticks a second of /proc/PID/stat. */
const TICKS = 100;
const READY_MS = 60_000;
/** First checks are spread, and the next ones over an interval: then the pace is what it stays. */
const SETTLE_INTERVALS = 2;

const { values } = parseArgs({
  options: {
    runtime: { type: "string", default: "bun" },
    probe: { type: "string", default: "http" },
    clusters: { type: "string", default: "1000" },
    hosts: { type: "string", default: "10" },
    interval: { type: "string", default: "10s" },
    workers: { type: "string", default: "1" },
    seconds: { type: "string", default: "20" },
  },
});

const PROBES: Readonly<Record<string, object>> = {
  http: { http: "/healthz" },
  "http-new": { http: "/healthz", reuse: false },
  tcp: { tcp: {} },
  none: {},
};

function configOf(): string {
  const health = values.probe === "none" ? false : { ...PROBES[values.probe], interval: values.interval };
  const clusters: Record<string, unknown> = {};
  for (let c = 0; c < Number(values.clusters); c++) {
    // Each host has an address of its own below 127.0.0.0/8.
    const endpoints = Array.from(
      { length: Number(values.hosts) },
      (_, h) => `127.${1 + (c >> 8)}.${c & 255}.${1 + h}:${ORIGIN_PORT}`,
    );
    clusters[`c${c}`] = { endpoints, health };
  }
  const to = Object.keys(clusters).map((cluster) => ({ cluster, weight: 1 }));
  return JSON.stringify({
    admin: { address: `127.0.0.1:${ADMIN_PORT}` },
    control: "weir.sock",
    listeners: { web: { address: "127.0.0.1:18902" } },
    routes: [{ to }],
    clusters,
  });
}

function start(command: readonly string[], cwd: string): ChildProcess {
  return spawn(command[0]!, command.slice(1), { cwd, stdio: ["ignore", "ignore", "inherit"] });
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

async function ready(): Promise<void> {
  for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(100)) {
    const answer = await fetch(`http://127.0.0.1:${ADMIN_PORT}/readyz`).catch(() => null);
    if (answer?.status === 200) return;
  }
  throw new Error(`weir was not ready after ${READY_MS} ms`);
}

async function checksSoFar(): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${ADMIN_PORT}/metrics`)).text();
  let sum = 0;
  for (const [, n] of page.matchAll(/^weir_cluster_health_checks_total\{.*\} (\d+)$/gm)) sum += Number(n);
  return sum;
}

/** Seconds of processor time, user and system. */
function cpuOf(pid: number): number {
  let ticks = 0;
  for (const p of processTree(pid)) {
    const stat = readFileSync(`/proc/${p}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS;
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "weir-health-"));
  const children: ChildProcess[] = [];
  try {
    children.push(start([join(BIN, "bun"), join(import.meta.dirname, "origin.ts"), String(ORIGIN_PORT)], dir));
    writeFileSync(join(dir, "weir.yaml"), configOf());
    const source = join(ROOT, "src/main.ts");
    const run = values.runtime === "deno" ? [join(BIN, "deno"), "run", "-A", "--no-check", source] : [join(BIN, "bun"), source];
    const weir = start([...run, "run", join(dir, "weir.yaml"), "--workers", values.workers], dir);
    children.push(weir);
    await ready();
    await sleep(SETTLE_INTERVALS * Number.parseFloat(values.interval) * 1000);
    const before = await checksSoFar();
    // The page itself costs time.
    await sleep(1_000);
    const [from, cpu] = [performance.now(), cpuOf(weir.pid!)];
    await sleep(Number(values.seconds) * 1000);
    const used = cpuOf(weir.pid!) - cpu;
    const seconds = (performance.now() - from) / 1000;
    const rss = memoryOf(weir.pid!, "Pss");
    const checks = (await checksSoFar()) - before;
    const rate = checks / (seconds + 1);
    console.log(
      `${values.runtime}, ${values.probe}, ${values.workers} worker(s): ${((used / seconds) * 100).toFixed(1)} % of a core, ` +
        `${rate.toFixed(0)} checks/s, ${rate > 0 ? ((used / seconds / rate) * 1e6).toFixed(0) : "-"} µs a check, ${(rss / 1e6).toFixed(0)} MB`,
    );
  } finally {
    for (const c of children.reverse()) c.kill("SIGTERM");
    await sleep(500);
    for (const c of children) if (c.exitCode === null && c.signalCode === null) c.kill("SIGKILL");
    rmSync(dir, { recursive: true, force: true });
  }
}

await main();
