import { expect, test } from "bun:test";
import type { Filter, FilterEnv, FilterExchange, FilterFactory } from "../../../../src/filter/types.ts";
import { filterModule, type ModuleFilterEnv, provisionModule } from "../../../../src/filters/module/kind.ts";

const x = {} as FilterExchange;
const env: ModuleFilterEnv = {
  now: () => 0,
  wallNow: () => 0,
  setTimer: () => ({ cancel: () => {} }),
  random: () => 0,
  fetch: () => Promise.reject(new Error("nothing is asked here")),
  log: () => {},
};

function provision(main: object, config: string): Promise<FilterFactory> {
  return provisionModule({ kind: "module", module: { path: "f.ts", digest: "" }, config }, { default: main }, env);
}

test("a module's filter is opened with its config for each exchange", async () => {
  const seen: unknown[] = [];
  const filter: Filter = {};
  const open = (_x: FilterExchange, config: unknown): Filter => {
    seen.push(config);
    return filter;
  };
  expect((await provision({ open }, '{"a":1}')).open(x)).toBe(filter);
  expect((await provision({ open }, "")).open(x)).toBe(filter);
  expect(seen).toEqual([{ a: 1 }, undefined]);
  expect((await provision({ open: () => undefined }, "")).open(x)).toBeNull();
});

test("one that has to be provisioned is so once, with its config and its environment", async () => {
  let closed = 0;
  const filter: Filter = {};
  const main = {
    provision: async (config: unknown, e: FilterEnv) => {
      expect([config, e]).toEqual([7, env]);
      return { open: () => filter, close: () => closed++ };
    },
  };
  const factory = await provision(main, "7");
  expect([factory.open(x), factory.open(x)]).toEqual([filter, filter]);
  factory.close!();
  expect(closed).toBe(1);
  await expect(provision({ provision: () => null }, "")).rejects.toThrow("return an object");
  const refuses = {
    provision: () => {
      throw new Error("no such key");
    },
  };
  await expect(provision(refuses, "")).rejects.toThrow("no such key");
});

test("one that throws when it is opened fails in its first phase", async () => {
  const open = (): never => {
    throw new Error("not opened");
  };
  const broken = (await provision({ open }, "")).open(x)!;
  expect(() => broken.onRequest!(x, true)).toThrow("not opened");
});

test("only an object with open or provision is a filter", () => {
  for (const namespace of [{}, { default: null }, { default: {} }, { default: () => null }, { open: 1 }])
    expect(filterModule(namespace)).toBeNull();
  expect(filterModule({ open: () => null })).not.toBeNull();
  expect(filterModule({ default: { provision: () => null } })).not.toBeNull();
});
