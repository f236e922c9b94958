import { expect, test } from "bun:test";
import fc from "fast-check";
import { keyedHash } from "../../../../src/base/keyed_hash.ts";
import { AT_KEY, CLIENT_SETS, CLIENT_WAYS } from "../../../../src/server/counts/counts_layout.ts";
import type { CountsMemory } from "../../../../src/server/counts/counts_memory.ts";
import { SharedCounts } from "../../../../src/server/counts/shared_counts.ts";
import { memoryOf } from "./counts_memory_of.ts";

const CLIENTS = 14;
const LISTENERS = ["a", "b"];
const PROCESSES = 3;

/** The model of a process: who has how many, and which addresses found their set full. */
class Naive {
  total = 0;
  readonly listeners = new Map<string, number>();
  readonly clients = new Map<string, number>();
  readonly outside = new Set<string>();

  /** Of what others see. */
  seen(client: string): number {
    return this.outside.has(client) ? 0 : (this.clients.get(client) ?? 0);
  }

  addClient(client: string, n: number): void {
    const before = this.clients.get(client) ?? 0;
    if (before === 0 && this.clients.size - this.outside.size >= CLIENT_WAYS) this.outside.add(client);
    if (before + n === 0) {
      this.clients.delete(client);
      this.outside.delete(client);
    } else this.clients.set(client, before + n);
  }
}

interface Real {
  readonly row: number;
  readonly counts: SharedCounts;
}

type Command = (m: Naive[], r: { all: Real[]; memory: CountsMemory; buffer: ArrayBuffer; clients: readonly string[] }) => void;

/** Addresses whose keys are all of one set. */
function ofOneSet(buffer: ArrayBuffer, n: number): readonly string[] {
  const words = new Int32Array(buffer);
  const found: string[] = [];
  for (let i = 0; found.length < n; i++) {
    const client = `2001:db8::${i.toString(16)}`;
    if ((keyedHash(client, words[AT_KEY]!, words[AT_KEY + 1]!) & (CLIENT_SETS - 1)) === 7) found.push(client);
  }
  return found;
}

function start(memory: CountsMemory, buffer: ArrayBuffer): Real {
  const row = memory.takeRow();
  const counts = new SharedCounts(buffer, row, () => 0);
  counts.tell(memory.places(LISTENERS, new Map()));
  return { row, counts };
}

const process = fc.nat(PROCESSES - 1);
const client = fc.nat(CLIENTS - 1);
const max = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.constant(Number.POSITIVE_INFINITY));
const listener = fc.constantFrom(...LISTENERS);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(process, client, max).map(
      ([p, c, most]): Command =>
        (m, r) => {
          const name = r.clients[c]!;
          const others = m.reduce((sum, other, i) => sum + (i === p ? 0 : other.seen(name)), 0);
          const may = others + (m[p]!.clients.get(name) ?? 0) < most;
          expect(r.all[p]!.counts.clients.take(name, most)).toBe(may);
          if (may) m[p]!.addClient(name, 1);
        },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(process, client).map(
      ([p, c]): Command =>
        (m, r) => {
          const name = r.clients[c]!;
          if (!m[p]!.clients.has(name)) return;
          r.all[p]!.counts.clients.give(name);
          m[p]!.addClient(name, -1);
        },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(process, max).map(
      ([p, most]): Command =>
        (m, r) => {
          const may = m.reduce((sum, other) => sum + other.total, 0) < most;
          expect(r.all[p]!.counts.total.take(most)).toBe(may);
          if (may) m[p]!.total++;
        },
    ),
  },
  {
    weight: 2,
    arbitrary: process.map(
      (p): Command =>
        (m, r) => {
          if (m[p]!.total === 0) return;
          r.all[p]!.counts.total.add(-1);
          m[p]!.total--;
        },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(process, listener, max).map(
      ([p, l, most]): Command =>
        (m, r) => {
          const may = m.reduce((sum, other) => sum + (other.listeners.get(l) ?? 0), 0) < most;
          expect(r.all[p]!.counts.listener(l).take(most)).toBe(may);
          if (may) m[p]!.listeners.set(l, (m[p]!.listeners.get(l) ?? 0) + 1);
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(process, listener).map(
      ([p, l]): Command =>
        (m, r) => {
          const open = m[p]!.listeners.get(l) ?? 0;
          r.all[p]!.counts.listener(l).add(-open);
          m[p]!.listeners.delete(l);
        },
    ),
  },
  // The process ends, whatever it had open, and another one starts.
  {
    weight: 1,
    arbitrary: process.map(
      (p): Command =>
        (m, r) => {
          r.memory.freeRow(r.all[p]!.row);
          m[p] = new Naive();
          r.all[p] = start(r.memory, r.buffer);
        },
    ),
  },
);

test("processes count together as one naive count does", () => {
  const { memory, buffer } = memoryOf(PROCESSES);
  const clients = ofOneSet(buffer, CLIENTS);
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const all = Array.from({ length: PROCESSES }, () => start(memory, buffer));
      const naive = all.map(() => new Naive());
      for (const run of commands) run(naive, { all, memory, buffer, clients });
      for (const { row } of all) memory.freeRow(row);
    }),
    { numRuns: 300 },
  );
});
