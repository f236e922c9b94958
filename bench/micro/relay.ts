// What an adapter costs alone: CPU microseconds a request of a relay that parses nothing, read from /proc.
//   bun bench/micro/relay.ts [seconds] [reply bytes]      needs nginx, haproxy, wrk and taskset
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const seconds = Number(process.argv[2] ?? 4);
const bytes = Number(process.argv[3] ?? 130);
const ROUNDS = 3;
const TICK_US = 10_000;
const bin = join(import.meta.dirname, "../../node_modules/.bin");
const subject = join(import.meta.dirname, "relay_subject.ts");
const SUBJECTS: readonly (readonly [string, readonly string[]])[] = [
  ["bun: bun.ts", [`${bin}/bun`, subject, "bun"]],
  ["bun: node:net", [`${bin}/bun`, subject, "node"]],
  ["deno: handles", [`${bin}/deno`, "run", "-A", "--no-check", subject, "handles"]],
  ["deno: node:net", [`${bin}/deno`, "run", "-A", "--no-check", subject, "node"]],
];

// HAProxy in tcp mode, one thread: what the machine gives at this hour.
const YARDSTICK = "haproxy: tcp";

const dir = mkdtempSync(join(tmpdir(), "weir-relay-"));
const originPort = await freePort();
const yardstickPort = await freePort();
const origin = startOrigin(originPort);
try {
  const results = new Map<string, number[]>();
  const yardstick = await startYardstick();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, command] of [[YARDSTICK, yardstick] as const, ...SUBJECTS]) {
      const us = await measure(name, command);
      results.set(name, [...(results.get(name) ?? []), us]);
    }
  }
  for (const [name, all] of results) {
    const sorted = all.toSorted((a, b) => a - b);
    console.log(`${name.padEnd(16)} ${sorted[ROUNDS >> 1]!.toFixed(1)} us a request (${all.map((u) => u.toFixed(1)).join(" ")})`);
  }
} finally {
  origin.kill("SIGTERM");
  rmSync(dir, { recursive: true, force: true });
}

async function measure(name: string, command: readonly string[]): Promise<number> {
  const child = spawn("taskset", ["-c", "0", ...command, String(originPort)], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const port = name === YARDSTICK ? String(yardstickPort) : await firstLine(child);
    await answers(Number(port));
    load(port, 1);
    const before = cpuUs(child.pid!);
    const requests = load(port, seconds);
    return (cpuUs(child.pid!) - before) / requests;
  } finally {
    child.kill("SIGKILL");
  }
}

function load(port: string, s: number): number {
  const args = ["-c", "1", "wrk", "-t1", "-c64", `-d${s}s`, `http://127.0.0.1:${port}/`];
  const out = spawnSync("taskset", args, { encoding: "utf8" });
  const found = /(\d+) requests in/.exec(out.stdout);
  if (found === null) throw new Error(`read what wrk says: ${out.stdout}${out.stderr}`);
  return Number(found[1]);
}

function cpuUs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

function startOrigin(port: number): ChildProcess {
  const conf = join(dir, "nginx.conf");
  writeFileSync(join(dir, "index.html"), "x".repeat(bytes));
  writeFileSync(
    conf,
    `daemon off; master_process off; pid ${dir}/pid; error_log ${dir}/err; events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000; sendfile off; open_file_cache max=8; server { listen 127.0.0.1:${port} backlog=4096; root ${dir}; } }`,
  );
  return spawn("taskset", ["-c", "1", "nginx", "-c", conf, "-e", `${dir}/err`], { stdio: "inherit" });
}

/** The last argument, the origin's port, is one more file to HAProxy: an empty one. */
async function startYardstick(): Promise<readonly string[]> {
  const conf = join(dir, "haproxy.cfg");
  writeFileSync(
    conf,
    `global
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen relay
  bind 127.0.0.1:${yardstickPort}
  server origin 127.0.0.1:${originPort}
`,
  );
  writeFileSync(join(dir, String(originPort)), "");
  return ["haproxy", "-db", "-C", dir, "-f", conf, "--"];
}

/** Resolves when somebody accepts there. */
async function answers(port: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const up = await new Promise<boolean>((resolve) => {
      const s = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      s.once("connect", () => s.destroy());
    });
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`look above: nobody listens on ${port}`);
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`look above: the subject ended with ${code}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const s = createServer().listen(0, "127.0.0.1", () => {
      const a = s.address();
      s.close(() => resolve(a !== null && typeof a === "object" ? a.port : 0));
    });
  });
}
