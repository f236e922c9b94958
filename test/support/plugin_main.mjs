// A plugin for tests, by hand and without a library, so that it can do what none would: `bun plugin_main.mjs [DIRECTORY]`. What it does
// is told by its config, by the config of its use, or by the field x-do of a request. It appends its number to DIRECTORY/started.
import { appendFileSync } from "node:fs";

const directory = process.argv[2];
if (directory !== undefined) appendFileSync(`${directory}/started`, `${process.pid}\n`);

const configs = new Map();
let phases = {};
let binary = false;
let buffered = Buffer.alloc(0);
let frameOf = null;

function send(m, bytes) {
  if (bytes === undefined || bytes.length === 0) process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...m })}\n`);
  else if (binary) {
    process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...m, bytes: bytes.length })}\n`);
    process.stdout.write(bytes);
  } else {
    const at = m.result ?? m.params;
    at.base64 = bytes.toString("base64");
    process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...m })}\n`);
  }
}

let nextId = 1;
const asked = new Map();
function ask(method, params, bytes) {
  const id = nextId++;
  send({ id, method, params }, bytes);
  return new Promise((resolve, reject) => asked.set(id, { resolve, reject }));
}

function bytesOf(p, frame) {
  if (frame !== undefined) return frame;
  if (p.text !== undefined) return Buffer.from(p.text);
  return Buffer.from(p.base64 ?? "", "base64");
}

function fieldOf(p, name) {
  return (p.request ?? p.response)?.fields?.find(([n]) => n === name)?.[1];
}

const upper = (b) =>
  Buffer.from(
    b.toString("latin1").replace(/[a-z]/g, (c) => c.toUpperCase()),
    "latin1",
  );

async function act(what, m, frame) {
  const { id, params: p } = m;
  const answer = (result, bytes) => send({ id, result }, bytes);
  const config = configs.get(p.config) ?? {};
  switch (what) {
    case undefined:
    case "":
      return answer(config.action ?? {});
    case "hang":
      return;
    case "crash":
      process.kill(process.pid, "SIGKILL");
      return;
    case "nonsense":
      process.stdout.write("this is no message\n");
      return;
    case "error":
      return send({ id, error: { code: -32603, message: "it went wrong" } });
    case "invalid":
      return answer({ fields: [["set", "content-length", "3"]] });
    case "smuggle":
      return answer({ fields: [["set", "x-a", "b\r\nx-evil: 1"]] });
    case "long":
      process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":{"x":"${"y".repeat(5 * 1024 * 1024)}"}}\n`);
      return;
    case "flood":
      for (let i = 0; i < 200_000; i++) send({ method: "nobody-asked", params: { i } });
      return answer({});
    case "leak":
      kept.push(Buffer.alloc(64 * 1024 * 1024, kept.length + 1));
      return answer({});
    case "chatter":
      for (let i = 0; i < 20_000; i++) process.stderr.write(`a line of many ${i}\n`);
      return answer({});
    case "late":
      setTimeout(() => answer({ fields: [["set", "x-late", "yes"]] }), 700);
      return;
    case "set":
      return answer({
        fields: [
          ["set", "x-plugin", JSON.stringify(p)],
          ["remove", "x-gone"],
        ],
      });
    case "path":
      return answer({ path: "/changed?by=plugin", method: "PUT" });
    case "respond":
      return answer({ respond: { status: 418, fields: [["x-from", "plugin"]], text: "short and stout" } });
    case "redirect":
      return answer({ redirect: { location: "/elsewhere", status: 307 } });
    case "reset":
      return answer({ reset: true });
    case "cluster":
      return answer({ cluster: "other" });
    case "json":
      return answer(JSON.parse(fieldOf(p, "x-answer")));
    case "ask": {
      // One request to Weir, and what came of it as the answer.
      const { method, params, frame: sent } = JSON.parse(fieldOf(p, "x-ask"));
      const came = await ask(method, params, sent === undefined ? undefined : Buffer.from(sent)).catch((e) => ({
        error: { code: e.code, message: e.message },
      }));
      return answer({ respond: { status: 200, text: JSON.stringify(came) } });
    }
    case "notify": {
      const { method, params } = JSON.parse(fieldOf(p, "x-ask"));
      send({ method, params });
      return answer({});
    }
    case "cache":
      return answer({ fields: [["set", "x-count", String(++count)]], cache: { key: ["field:x-user"], ttlMs: 60_000 } });
    case "count":
      return answer({ fields: [["set", "x-count", String(++count)]] });
    case "upper":
      return answer({}, upper(bytesOf(p, frame)));
    case "kv": {
      const n = (await ask("kv.add", { key: "n", by: 1 })).value;
      await ask("kv.set", { key: "last", value: { n } });
      const last = (await ask("kv.get", { key: "last" })).value;
      send({ method: "count", params: { name: "seen", add: 2, labels: { who: "me" } } });
      send({ method: "log", params: { level: "warn", message: "from the plugin", facts: { n } } });
      return answer({ fields: [["set", "x-kv", `${n} ${last.n}`]] });
    }
    default:
      return answer({ fields: [["set", "x-unknown", what]] });
  }
}
let count = 0;
const kept = [];

/** Streams in upper case, of which it acknowledges each piece when it has written it. */
const credit = new Map();
function stream(side, p, frame) {
  const config = configs.get(p.config) ?? {};
  const b = bytesOf(p, frame);
  const key = `${p.x} ${side}`;
  if (config.stream === "hang") return;
  if (config.stream === "pass") return send({ method: `${side}Out`, params: { x: p.x, pass: true } });
  if (config.stream === "error") return send({ method: `${side}Out`, params: { x: p.x, error: "I give up" } });
  if (config.stream === "greedy") {
    send({ method: `${side}Out`, params: { x: p.x } }, Buffer.alloc(1024 * 1024));
    return;
  }
  const s = credit.get(key) ?? { room: limits.streamWindow, waiting: [], ended: false };
  credit.set(key, s);
  if (b.length > 0) s.waiting.push(b);
  if (p.end) s.ended = true;
  pump(side, p.x, s);
}
function pump(side, x, s) {
  while (s.waiting.length > 0 && s.waiting[0].length <= s.room) {
    const b = s.waiting.shift();
    s.room -= b.length;
    send({ method: `${side}Out`, params: { x } }, upper(b));
    send({ method: `${side}Taken`, params: { x, bytes: b.length } });
  }
  if (s.ended && s.waiting.length === 0) {
    s.ended = false;
    send({ method: `${side}Out`, params: { x, end: true, trailers: [["x-sum", "7"]] } });
  }
}
let limits = {};

function take(m, frame) {
  if (m.method === undefined) {
    const call = asked.get(m.id);
    asked.delete(m.id);
    if (m.error) call?.reject(Object.assign(new Error(m.error.message), { code: m.error.code }));
    else call?.resolve(frame === undefined ? m.result : { ...m.result, frame: frame.toString("latin1") });
    return;
  }
  const p = m.params ?? {};
  switch (m.method) {
    case "initialize": {
      const c = p.config ?? {};
      if (directory !== undefined) appendFileSync(`${directory}/indexes`, `${p.process}\n`);
      configs.set(0, c);
      limits = p.limits;
      if (c.start === "hang") return;
      if (c.start === "die") process.exit(3);
      if (c.start === "nonsense") process.stdout.write("hello, I am a plugin\n");
      if (c.start === "error") return send({ id: m.id, error: { code: -32603, message: "no database" } });
      binary = c.binary !== false && p.capabilities.binary === true;
      phases = c.phases ?? { requestHead: { fields: "*", attributes: ["client.address", "route"] } };
      return send({
        id: m.id,
        result: {
          protocol: 1,
          name: "test",
          version: "1",
          capabilities: { binary },
          phases,
          ...(c.match ? { match: c.match } : {}),
        },
      });
    }
    case "configure":
      if (p.value?.bad) return send({ id: m.id, error: { code: -32602, message: "bad is no setting" } });
      configs.set(p.config, { ...configs.get(0), ...p.value });
      return send({ id: m.id, result: {} });
    case "requestHead":
    case "responseHead":
      return void act(fieldOf(p, "x-do") ?? configs.get(p.config)?.[m.method], m, frame);
    case "requestBody":
    case "responseBody":
      return void act(configs.get(p.config)?.[m.method] ?? "upper", m, frame);
    case "chooseUpstream": {
      if (directory !== undefined) appendFileSync(`${directory}/asked`, `${JSON.stringify(p)}\n`);
      // What it says of each attempt.
      const said = configs.get(p.config)?.choose?.[p.attempt - 1];
      return typeof said === "string" ? void act(said, m) : send({ id: m.id, result: said ?? {} });
    }
    case "tick":
      if (directory !== undefined) appendFileSync(`${directory}/ticks`, `${JSON.stringify({ ...p, pid: process.pid })}\n`);
      return;
    case "requestData":
      return stream("request", p, frame);
    case "responseData":
      return stream("response", p, frame);
    case "requestTaken":
    case "responseTaken": {
      const side = m.method.slice(0, -5);
      const s = credit.get(`${p.x} ${side}`);
      if (s === undefined) return;
      s.room += p.bytes;
      return pump(side, p.x, s);
    }
    case "done":
      credit.delete(`${p.x} request`);
      credit.delete(`${p.x} response`);
      return;
    case "log":
      if (directory !== undefined) for (const r of p.records) appendFileSync(`${directory}/records`, `${JSON.stringify(r)}\n`);
      return;
    case "ping":
      return send({ id: m.id, result: {} });
    case "shutdown":
      send({ id: m.id, result: {} });
      return process.exit(0);
    default:
      if (m.id !== undefined) send({ id: m.id, error: { code: -32601, message: "unknown" } });
  }
}

process.stdin.on("data", (chunk) => {
  buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
  for (;;) {
    if (frameOf !== null) {
      if (buffered.length < frameOf.bytes) return;
      const frame = buffered.subarray(0, frameOf.bytes);
      buffered = buffered.subarray(frameOf.bytes);
      const m = frameOf;
      frameOf = null;
      take(m, frame);
      continue;
    }
    const end = buffered.indexOf(10);
    if (end < 0) return;
    const line = buffered.subarray(0, end).toString();
    buffered = buffered.subarray(end + 1);
    const m = JSON.parse(line);
    if (m.bytes > 0) frameOf = m;
    else take(m);
  }
});
process.stdin.on("end", () => process.exit(0));
