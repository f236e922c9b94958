// Started by shared_numbers_test.ts with shared memory as descriptor 3: tells its rows on stdout and counts until it is killed.
import process from "node:process";
import { createNodePlatform } from "../../../src/platform/node.ts";
import { NumberMemory } from "../../../src/telemetry/number_memory.ts";
import { Numbers } from "../../../src/telemetry/numbers.ts";
import { RowFeed } from "../../../src/telemetry/row_feed.ts";

const buffer = createNodePlatform("Deno" in globalThis ? "deno" : "bun").linux!.mapShared(3);
const numbers = new Numbers(new NumberMemory({ buffer }));
numbers.watch(new RowFeed(buffer, (batch) => void process.stdout.write(`${JSON.stringify(batch)}\n`)));

const first = numbers.counter("first", "Counted first");
const second = numbers.counter("second", "Counted second");
const seconds = numbers.histogram("seconds", "Seconds", [1, 2]);
numbers.gauge("open", "Open").value = 1;

function run(): void {
  for (let i = 0; i < 1000; i++) {
    first.add(1);
    second.add(1);
    seconds.observe(1.5);
  }
  setImmediate(run);
}
setImmediate(run);
