// Calls a plugin without Weir, once a millisecond, and prints what a round trip takes: `bun bare_caller.ts SECONDS COMMAND…`.
import { spawn } from "node:child_process";
import process from "node:process";

const REQUEST = `"method":"requestHead","params":{"x":7,"deadlineMs":200,"config":0,"request":{"method":"GET","scheme":"http","authority":"bench.test","path":"/","fields":[["user-agent","bench"]]},"end":true}}\n`;
const [seconds, command, ...args] = process.argv.slice(2) as [string, string, ...string[]];
const child = spawn(command, args, {
  stdio: ["pipe", "pipe", "inherit"],
  env: { ...process.env, WEIR_PLUGIN: "stdio-jsonrpc-1" },
});
let answered: () => void = () => {};
child.stdout.on("data", () => answered());

async function call(message: string): Promise<number> {
  const answer = new Promise<void>((resolve) => {
    answered = resolve;
  });
  const from = performance.now();
  child.stdin.write(message);
  await answer;
  return (performance.now() - from) * 1000;
}

const limits = { messageBytes: 4_194_304, bodyBytes: 1_048_576, streamWindow: 262_144, concurrency: 100 };
const hello = { protocol: { min: 1, max: 1 }, host: { name: "bench", version: "0" }, plugin: "hello", process: 0, limits };
const params = JSON.stringify({ ...hello, capabilities: { binary: true, calls: [] }, config: null });
await call(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":${params}}\n`);
child.stdin.write('{"jsonrpc":"2.0","method":"initialized","params":{}}\n');
let id = 2;
for (let i = 0; i < 20_000; i++) await call(`{"jsonrpc":"2.0","id":${id++},${REQUEST}`);
const took: number[] = [];
for (const end = performance.now() + Number(seconds) * 1000; performance.now() < end; ) {
  await new Promise((resolve) => setTimeout(resolve, 1));
  took.push(await call(`{"jsonrpc":"2.0","id":${id++},${REQUEST}`));
}
took.sort((a, b) => a - b);
process.stdout.write(`${JSON.stringify({ p50: took[took.length >> 1], p99: took[Math.floor(took.length * 0.99)] })}\n`);
child.kill("SIGKILL");
process.exit(0);
