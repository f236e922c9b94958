// A plugin for tests that tells endpoints: `bun endpoints_plugin.mjs DIRECTORY [NO PHASE]`. What it tells of a cluster is what stands in
// DIRECTORY/CLUSTER.json, and it looks there every 20 ms. It appends what it is told to DIRECTORY/told.
import { appendFileSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [directory, lacking] = process.argv.slice(2);
const phases = lacking === undefined || lacking === "--describe" ? { endpoints: {} } : { log: {} };
if (process.argv.includes("--describe")) {
  process.stdout.write(`${JSON.stringify({ name: "registry", version: "1", phases })}\n`);
  process.exit(0);
}

const watches = new Map();

function send(m) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...m })}\n`);
}

function look() {
  for (const [watch, w] of watches) {
    let text = "";
    try {
      text = readFileSync(`${directory}/${w.cluster}.json`, "utf8");
    } catch {}
    if (text === w.text || text === "") continue;
    w.text = text;
    send({ method: "endpoints", params: { watch, endpoints: JSON.parse(text) } });
  }
}
setInterval(look, 20);

const answers = {
  initialize: { protocol: 1, name: "registry", version: "1", phases },
  configure: {},
  ping: {},
  shutdown: {},
};
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { id, method, params } = JSON.parse(line);
    if (method === "watchEndpoints") watches.set(params.watch, { ...params, text: "" });
    if (method === "unwatchEndpoints") watches.delete(params.watch);
    if (method.endsWith("Endpoints"))
      appendFileSync(`${directory}/told`, `${JSON.stringify({ pid: process.pid, method, ...params })}\n`);
    look();
    if (id !== undefined) send({ id, result: answers[method] ?? {} });
    if (method === "shutdown") process.exit(0);
  })
  .on("close", () => process.exit(0));
