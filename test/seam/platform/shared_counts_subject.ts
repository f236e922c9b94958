// Started by shared_counts_test.ts with shared memory as descriptor 3: takes and gives places under a cap, against other processes that do
// the same. Arguments: its row, and what to do.
import process from "node:process";
import { createNodePlatform } from "../../../src/platform/node.ts";
import { SharedCounts } from "../../../src/server/counts/shared_counts.ts";
import { ARRIVED, CAP, CHECKED_KINDS, CONTENDERS, RATE } from "./shared_counts_facts.ts";

const [row, role] = process.argv.slice(2);
const { linux } = createNodePlatform("Deno" in globalThis ? "deno" : "bun");
const counts = new SharedCounts(linux!.mapShared(3), Number(row), () => 5_000_000_000);
/** By kind: how many hold a place now, told by another way; how often there were too many. */
const checks = new Int32Array(linux!.mapShared(4));
counts.tell([["web", 3]]);
const listener = counts.listener("web");
const kinds = [
  { take: () => counts.total.take(CAP), give: () => counts.total.add(-1) },
  { take: () => listener.take(CAP), give: () => listener.add(-1) },
  { take: () => counts.clients.take("192.0.2.1", CAP), give: () => counts.clients.give("192.0.2.1") },
];
if (kinds.length !== CHECKED_KINDS) throw new Error("tell the test of each kind");

function meet(): void {
  Atomics.add(checks, ARRIVED, 1);
  while (Atomics.load(checks, ARRIVED) < CONTENDERS);
}

/** How often it had a place. */
function contend(): number {
  meet();
  let n = 0;
  for (let i = 0; i < 100_000; i++) {
    const kind = i % kinds.length;
    if (!kinds[kind]!.take()) continue;
    n++;
    if (Atomics.add(checks, 2 * kind, 1) + 1 > CAP) Atomics.add(checks, 2 * kind + 1, 1);
    Atomics.sub(checks, 2 * kind, 1);
    kinds[kind]!.give();
  }
  return n;
}

function tokens(): number {
  meet();
  const rate = counts.rate("web", RATE);
  let n = 0;
  for (let i = 0; i < RATE.burst; i++) if (rate.admits(0)) n++;
  return n;
}

/** Takes one of each, and keeps it until it is killed. */
function hold(): void {
  for (const { take } of kinds) if (!take()) throw new Error("no place");
  setInterval(() => {}, 1000);
}

const roles: Readonly<Record<string, () => unknown>> = { contend, tokens, hold };
const result = roles[role!]!();
process.stdout.write(`${JSON.stringify({ result: result ?? null })}\n`);
