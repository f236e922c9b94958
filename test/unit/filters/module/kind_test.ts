import { expect, test } from "bun:test";
import type { Filter, FilterExchange, FilterFactory } from "../../../../src/filter/types.ts";
import { filterModule, moduleKind } from "../../../../src/filters/module/kind.ts";

const x = {} as FilterExchange;
const env = { now: () => 0, wallNow: () => 0, setTimer: () => ({ cancel: () => {} }), random: () => 0 };

function provision(open: (x: FilterExchange, config: unknown) => Filter | null | undefined, config: string): FilterFactory {
  const modules = new Map<string, object>([["f.ts", { default: { open } }]]);
  const spec = { kind: "module", module: { path: "f.ts", digest: "" }, config } as const;
  return moduleKind(modules).provision(spec, env) as FilterFactory;
}

test("a module's filter is opened with its config for each exchange", () => {
  const seen: unknown[] = [];
  const filter: Filter = {};
  const open = (_x: FilterExchange, config: unknown): Filter => {
    seen.push(config);
    return filter;
  };
  expect(provision(open, '{"a":1}').open(x)).toBe(filter);
  expect(provision(open, "").open(x)).toBe(filter);
  expect(seen).toEqual([{ a: 1 }, undefined]);
  expect(provision(() => undefined, "").open(x)).toBeNull();
});

test("one that throws when it is opened fails in its first phase", () => {
  const broken = provision(() => {
    throw new Error("not opened");
  }, "").open(x)!;
  expect(() => broken.onRequest!(x, true)).toThrow("not opened");
});

test("only an object with open is a filter", () => {
  for (const namespace of [{}, { default: null }, { default: {} }, { default: () => null }, { open: 1 }])
    expect(filterModule(namespace)).toBeNull();
  expect(filterModule({ open: () => null })).not.toBeNull();
});
