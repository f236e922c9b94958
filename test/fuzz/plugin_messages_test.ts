import { expect, test } from "bun:test";
import { concatBytes, encodeLatin1, latin1 } from "../../src/base/bytes.ts";
import { type Message, MessageReader } from "../../src/plugin/link/message_reader.ts";
import type { ActionRules } from "../../src/plugin/use/action_rules.ts";
import { readAction } from "../../src/plugin/use/read_action.ts";
import { cuts, mutate } from "./mutate.ts";
import { fuzzPlan, Random } from "./random.ts";

const LIMIT = 400;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// RFC 9110 5.5: what a value may hold, within one byte a character, and no blank at its ends.
const VALUE = /^$|^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;
const OWN =
  /^(?:content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|proxy-connection|http2-settings|host)$/i;
const lines = fuzzPlan(10_000);
const answers = fuzzPlan(30_000);

test(`what a plugin writes, changed and cut anyhow, is read alike (FUZZ_SEED=${lines.seed})`, () => {
  const r = new Random(lines.seed);
  let read = 0;
  for (let i = 0; i < lines.rounds; i++) {
    const output = Array.from({ length: 1 + r.below(4) }, () => someMessage(r)).join("");
    const text = r.once(3) ? output : mutate(r, output);
    const show = { seed: lines.seed, round: i, text };
    const whole = readAll([text]);
    expect({ ...show, ...readAll(pieces(r, text)) }).toEqual({ ...show, ...whole });
    read += whole.messages.length;
  }
  // Fuzz that is refused at its first byte tests nothing.
  expect(read).toBeGreaterThan(lines.rounds / 2);
});

test(`no answer of a plugin, whatever it holds, makes a head that frames otherwise (FUZZ_SEED=${answers.seed})`, () => {
  const r = new Random(answers.seed);
  let taken = 0;
  for (let i = 0; i < answers.rounds; i++) {
    const side = r.pick(["request", "response"] as const);
    const rules: ActionRules = { side, authority: false, clusters: new Set(["b"]) };
    const result = someAnswer(r, side);
    const show = JSON.stringify({ seed: answers.seed, round: i, result });
    const action = readAction(result, null, rules);
    if (typeof action === "string") continue;
    taken++;
    const fields = [...action.fields.map(([, ...f]) => f), ...(action.reply?.fields ?? [])];
    for (const [name, value = ""] of fields) {
      if (!TOKEN.test(name) || OWN.test(name) || !VALUE.test(value)) throw new Error(`${name}: ${value} was taken: ${show}`);
    }
    const { method, path, status, cluster, authority } = action;
    if (method !== null && (!TOKEN.test(method) || method === "CONNECT")) throw new Error(`the method was taken: ${show}`);
    if (path !== null && !/^\/[\x21-\x7e]*$/.test(path)) throw new Error(`the path was taken: ${show}`);
    if (authority !== null || (cluster !== null && cluster !== "b")) throw new Error(`what is not granted was taken: ${show}`);
    for (const s of [status, action.reply?.status ?? null])
      if (s !== null && !(s >= 200 && s <= 599)) throw new Error(`the status was taken: ${show}`);
    if (side === "response" && (method !== null || path !== null)) throw new Error(`a change of a request was taken: ${show}`);
  }
  expect(taken).toBeGreaterThan(answers.rounds / 10);
});

function readAll(parts: readonly string[]): { readonly messages: readonly unknown[]; readonly fault: string | null } {
  const messages: unknown[] = [];
  const onMessage = (m: Message, b: Uint8Array | null): void => {
    messages.push([m, b === null ? null : latin1(b, 0, b.length)]);
  };
  const reader = new MessageReader(LIMIT, { onMessage });
  reader.binary = true;
  let fault: string | null = null;
  for (const p of parts) fault ??= reader.receive(concatBytes([encodeLatin1(p), new Uint8Array(0)]));
  return { messages, fault };
}

function pieces(r: Random, text: string): string[] {
  const at = [...new Set([0, ...cuts(r, text.length), text.length])].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => text.slice(at[i], end));
}

function someMessage(r: Random): string {
  const id = r.pick(["1", '"a"', "null", "1.5", "-1", "[]"]);
  const result = JSON.stringify(someAnswer(r, "request"));
  const bytes = `${"\n\0{x".repeat(r.below(30))}y`;
  const frame = `{"jsonrpc":"2.0","method":"requestOut","params":{"x":7},"bytes":${bytes.length}}\n${bytes}`;
  return r.pick([
    `{"jsonrpc":"2.0","id":${id},"result":${result}}\n`,
    `{"jsonrpc":"2.0","id":${id},"error":{"code":-32603,"message":"no"}}\r\n`,
    frame,
    frame,
    "\n",
    `{"jsonrpc":"2.0","method":"log","params":${"[".repeat(r.below(40))}`,
    `{"jsonrpc":"2.0","method":"x","bytes":${r.pick(["0", "-1", "1e9", "2.5", '"3"', "401"])}}\n`,
  ]);
}

const NAMES = [
  "x-a",
  "X-B",
  "Host",
  "content-length",
  "Transfer-Encoding",
  "te",
  ":path",
  "",
  "a b",
  "x\r\ny",
  "\u0131",
  "cookie",
];
const VALUES = ["", "v", "a b", "chunked", "5", "x\r\nHost: b", "\0", "\x7f", "\xe9", "\u0100", " lead", "trail ", "\t", "\n"];
const PATHS = ["/", "/a?b", "a", "", "/a b", "/\r\n", "/\xe9", "*", "http://b/", "/a#b"];
const METHODS = ["GET", "POST", "CONNECT", "", "G T", "GET\r\n", "OPTIONS", "PRI"];
const ODD = [null, 0, -1, 1.5, "", "x", true, [], {}, [[]], { a: 1 }, 1e308];

function someAnswer(r: Random, side: ActionRules["side"]): unknown {
  if (r.once(20)) return r.pick(ODD);
  const members: (readonly [string, () => unknown])[] = [
    ["fields", () => some(r, () => someChange(r))],
    ["respond", () => ({ status: someStatus(r), fields: some(r, () => [r.pick(NAMES), r.pick(VALUES)]), text: "t" })],
    ["redirect", () => ({ location: r.pick([...VALUES, ...PATHS]), status: r.pick([302, 303, 200, "301", undefined]) })],
    ["metadata", () => ({ a: r.pick(ODD) })],
    ["body", () => r.pick(["none", "all"])],
    [r.pick(["text", "base64"]), () => r.pick(["aGVsbG8=", "hello", "=", ...VALUES])],
    ...(side === "response" && !r.once(8)
      ? ([["status", () => someStatus(r)]] as const)
      : ([
          ["method", () => r.pick(METHODS)],
          ["path", () => r.pick(PATHS)],
          ["authority", () => r.pick(VALUES)],
          ["cluster", () => r.pick(["b", "c", ""])],
          ["timeoutMs", () => r.pick([1, 0, -1, "5"])],
          ["cache", () => r.pick([{ key: ["method"], ttlMs: 1 }, { key: "x" }, ...ODD])],
        ] as const)),
  ];
  const answer: Record<string, unknown> = {};
  for (const [name, make] of members) if (r.once(5)) answer[name] = r.once(12) ? r.pick(ODD) : make();
  return answer;
}

function some(r: Random, make: () => unknown): unknown[] {
  return Array.from({ length: r.below(3) }, () => (r.once(12) ? r.pick(ODD) : make()));
}

function someChange(r: Random): unknown {
  const change = [r.pick(["set", "add", "remove", "set", "drop"]), r.pick(NAMES), r.pick(VALUES)];
  return r.once(3) ? change.slice(0, 2) : change;
}

function someStatus(r: Random): unknown {
  return r.pick([200, 204, 404, 599, 100, 101, 199, 600, 0, -1, 200.5, "200", null]);
}
