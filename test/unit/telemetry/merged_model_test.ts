import { expect, test } from "bun:test";
import fc from "fast-check";
import { MergedNumbers, type ProcessRole } from "../../../src/telemetry/merged_numbers.ts";
import type { MergeRule } from "../../../src/telemetry/metric_family.ts";
import { Counter, CounterVector } from "../../../src/telemetry/metric_handles.ts";
import { NumberMemory } from "../../../src/telemetry/number_memory.ts";
import { Numbers } from "../../../src/telemetry/numbers.ts";
import { RowFeed } from "../../../src/telemetry/row_feed.ts";
import { RowReader } from "../../../src/telemetry/row_reader.ts";
import { valuesOf } from "./row_values.ts";

const ROUTES = ["a", "b", "c"];
const CELLS = { label: "status", names: ["x", "y", "z"] };
const RULES: Readonly<Record<string, MergeRule>> = {
  counter: "sum",
  offered: "control",
  vector: "sum",
  histogram: "sum",
  open: "sum",
  newest: "max",
  oldest: "min",
  own: "control",
};
const NAMES = Object.keys(RULES);
const GAUGES = new Set(["open", "newest", "oldest", "own"]);

function handleOf(n: Numbers, name: string, route: string) {
  const labels = { route };
  if (name === "vector") return n.vector(name, "V", CELLS, labels);
  if (name === "histogram") return n.histogram(name, "H", [1, 4], labels);
  if (GAUGES.has(name)) return n.gauge(name, "G", labels, RULES[name]!);
  return n.counter(name, "C", labels, "always", RULES[name]!);
}

/** A process as another one sees it: by memory and messages alone. */
class Remote {
  readonly numbers: Numbers;
  readonly buffer = new ArrayBuffer(8 * 4096);
  readonly role: ProcessRole;
  readonly id: string;
  /** What it has, by name and route: the model's view, slot by slot. */
  readonly held: Map<string, number[]> = new Map();
  reader: RowReader;
  readonly #feeds: RowFeed[] = [];

  constructor(id: string, role: ProcessRole) {
    this.id = id;
    this.role = role;
    this.numbers = new Numbers(new NumberMemory({ buffer: this.buffer }));
    this.reader = this.read();
  }

  /** A reader that comes now. */
  read(): RowReader {
    const reader = new RowReader(this.buffer);
    const feed = new RowFeed(this.buffer, (b) => expect(reader.apply(JSON.parse(JSON.stringify(b)))).toBeNull());
    this.numbers.watch(feed);
    this.#feeds.push(feed);
    feed.flush();
    this.reader = reader;
    return reader;
  }

  /** Its messages have arrived. */
  settle(): void {
    for (const f of this.#feeds) f.flush();
  }

  count(name: string, route: string, n: number): void {
    const handle = handleOf(this.numbers, name, route);
    let slots = this.held.get(`${name}/${route}`);
    if (handle instanceof Counter) {
      slots ??= [0];
      if (GAUGES.has(name)) handle.value = n;
      else handle.add(n);
      slots[0] = GAUGES.has(name) ? n : slots[0]! + n;
    } else if (handle instanceof CounterVector) {
      slots ??= [0, 0, 0];
      handle.add(n % 3, n);
      slots[n % 3]! += n;
    } else {
      slots ??= [0, 0, 0, 0];
      handle.observe(n);
      slots[0]! += n;
      slots[n <= 1 ? 1 : n <= 4 ? 2 : 3]! += 1;
    }
    this.held.set(`${name}/${route}`, slots);
  }
}

/** What the page must say, worked out in the most direct way. */
class Model {
  own: Remote;
  others: Remote[] = [];
  base: Map<string, number[]> = new Map();
  retained: Set<string> | null = null;

  constructor(own: Remote) {
    this.own = own;
  }

  holders(key: string): Remote[] {
    const name = key.split("/")[0]!;
    const shown = (p: Remote): boolean => RULES[name] !== "control" || (GAUGES.has(name) ? p === this.own : p.role === "control");
    return [this.own, ...this.others].filter((p) => p.held.has(key) && shown(p));
  }

  keep(p: Remote, key: string): void {
    const name = key.split("/")[0]!;
    if (GAUGES.has(name) || (RULES[name] === "control" && p.role === "worker")) return;
    const now = p.held.get(key)!;
    const before = this.base.get(key) ?? now.map(() => 0);
    this.base.set(
      key,
      before.map((v, i) => v + now[i]!),
    );
  }

  forget(p: Remote, key: string): void {
    const mine = this.holders(key).includes(p);
    if (mine) this.keep(p, key);
    p.held.delete(key);
    if (mine && this.holders(key).length === 0) this.base.delete(key);
  }

  fold(p: Remote): void {
    this.others.splice(this.others.indexOf(p), 1);
    for (const key of p.held.keys()) this.keep(p, key);
    this.sweep();
  }

  sweep(): void {
    for (const key of [...this.base.keys()])
      if (this.retained?.has(key.split("/")[1]!) === false && this.holders(key).length === 0) this.base.delete(key);
  }

  page(): Map<string, number[]> {
    const page: Map<string, number[]> = new Map();
    for (const name of NAMES)
      for (const route of ROUTES) {
        const key = `${name}/${route}`;
        const parts = this.holders(key).map((p) => p.held.get(key)!);
        const rule = RULES[name]!;
        const base = this.base.get(key);
        let value: number[] | null = null;
        if (GAUGES.has(name) && parts.length > 0) {
          const values = parts.map((p) => p[0]!);
          const sum = values.reduce((a, b) => a + b, 0);
          value = [{ sum, max: Math.max(...values), min: Math.min(...values), control: values[0]! }[rule]];
        } else if (parts.length > 0 || base !== undefined) {
          const all = base === undefined ? parts : [base, ...parts];
          value = all.reduce((a, b) => a.map((v, i) => v + b[i]!));
        }
        if (value !== null) page.set(name + JSON.stringify({ route }), value);
      }
    return page;
  }
}

const which = fc.nat(7);
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("start" as const) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("count" as const),
      who: which,
      name: fc.constantFrom(...NAMES),
      route: fc.constantFrom(...ROUTES),
      n: fc.nat(9),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("forget" as const),
      who: which,
      name: fc.constantFrom(...NAMES),
      route: fc.constantFrom(...ROUTES),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("fold" as const), who: which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("retain" as const), routes: fc.subarray(ROUTES) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("upgrade" as const), reread: fc.boolean() }) },
);

test("pages of random weirs say what a naive model says", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      let started = 0;
      const model = new Model(new Remote("own", "control"));
      let merged = new MergedNumbers(model.own.numbers);
      for (const s of steps) {
        const everyone = [model.own, ...model.others];
        const who = "who" in s ? everyone[s.who % everyone.length]! : model.own;
        if (s.do === "start") {
          const p = new Remote(`w${started++}`, "worker");
          model.others.push(p);
          merged.add(p.id, p.reader, "worker");
        } else if (s.do === "count") who.count(s.name, s.route, s.n);
        else if (s.do === "forget") {
          who.numbers.forget(s.name, { route: s.route });
          who.settle();
          if (who.held.has(`${s.name}/${s.route}`)) model.forget(who, `${s.name}/${s.route}`);
        } else if (s.do === "fold") {
          if (who === model.own) continue;
          who.settle();
          merged.fold(who.id);
          model.fold(who);
        } else if (s.do === "retain") {
          model.retained = new Set(s.routes);
          merged.retain("route", model.retained);
          model.sweep();
        } else {
          for (const p of everyone) p.settle();
          const before = merged;
          const old = new Remote(`gen${started++}`, "control");
          // The one that was this process is one among the others now, and a new one takes its place.
          const next = new MergedNumbers(old.numbers);
          for (const b of before.dump()) expect(next.load(JSON.parse(JSON.stringify(b)))).toBeNull();
          model.others.push(model.own);
          for (const p of model.others) next.add(p.id, s.reread ? p.read() : p.reader, p.role);
          model.own = old;
          model.retained = null;
          merged = next;
        }
        for (const p of [model.own, ...model.others]) p.settle();
        expect(sorted(valuesOf(merged))).toEqual(sorted(model.page()));
      }
    }),
    { numRuns: 400 },
  );
});

function sorted(page: Map<string, number[]>): [string, number[]][] {
  return [...page].sort(([a], [b]) => (a < b ? -1 : 1));
}
