// A plugin for tests that ends neither at the end of its input nor by SIGTERM: `bun stubborn_plugin.mjs DIRECTORY`. It appends its number
// to DIRECTORY/started. Its config: `child`: it starts a process, whose number goes there too; `spin`: it uses a core.
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => {});
setInterval(() => {}, 1_000);

function started(pid) {
  appendFileSync(`${process.argv[2]}/started`, `${pid}\n`);
}

function spin() {
  const end = performance.now() + 20;
  while (performance.now() < end);
  setImmediate(spin);
}

function answer({ method, params }) {
  if (method !== "initialize") return {};
  const config = params.config ?? {};
  if (config.child) started(spawn("sleep", ["600"], { stdio: "inherit" }).pid);
  if (config.spin) spin();
  started(process.pid);
  return { protocol: 1, name: "stubborn", version: "1", phases: { requestHead: {} } };
}

let held = "";
process.stdin.on("data", (chunk) => {
  held += chunk;
  for (let end = held.indexOf("\n"); end >= 0; end = held.indexOf("\n")) {
    const m = JSON.parse(held.slice(0, end));
    held = held.slice(end + 1);
    if (m.id !== undefined) process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id: m.id, result: answer(m) })}\n`);
  }
});
