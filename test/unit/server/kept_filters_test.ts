import { describe, expect, test } from "bun:test";
import type { AdmissionSpec } from "../../../src/config/traffic_model.ts";
import type { FilterFactory } from "../../../src/filter/types.ts";
import { createMemoryPlatform } from "../../../src/platform/memory.ts";
import { provisionFilter } from "../../../src/server/filter_kinds.ts";
import { type FilteredRoute, KeptFilters, type NextFilters, type Provision } from "../../../src/server/kept_filters.ts";

const ADMISSION: AdmissionSpec = {
  kind: "admission",
  windowMs: 30_000,
  threshold: 0.95,
  aggression: 1,
  minRate: 0,
  maxRejection: 0.8,
  waitMs: 0,
};

function kept(
  provision: Provision = (s, e) => (s.kind === "plugin" || s.kind === "module" ? [] : provisionFilter(s, e)),
): KeptFilters {
  const p = createMemoryPlatform();
  const env = {
    now: () => p.now(),
    wallNow: () => p.wallNow(),
    setTimer: (ms: number, f: () => void) => p.setTimer(ms, f),
    random: () => 0,
  };
  return new KeptFilters(env, provision);
}

function route(name: string, windowMs = ADMISSION.windowMs): FilteredRoute {
  return { name, filters: [{ ...ADMISSION, windowMs }] };
}

function factory(next: NextFilters, r: FilteredRoute): FilterFactory {
  return next.chain(r).factories[0]!;
}

test("a filter stays as long as its route and its settings do", async () => {
  const filters = kept();
  const first = await filters.prepare([route("a"), route("b")]);
  const a = factory(first, route("a"));
  expect(factory(first, route("b"))).not.toBe(a);
  first.commit();
  const second = await filters.prepare([route("a"), route("a", 1_000)]);
  expect(factory(second, route("a"))).toBe(a);
  expect(factory(second, route("a", 1_000))).not.toBe(a);
});

test("a config that is never in force leaves what is", async () => {
  const filters = kept();
  const first = await filters.prepare([route("a")]);
  const a = factory(first, route("a"));
  first.commit();
  (await filters.prepare([route("a")])).undo();
  expect(factory(await filters.prepare([route("a")]), route("a"))).toBe(a);
});

test("what left the config is forgotten", async () => {
  const filters = kept();
  const first = await filters.prepare([route("a")]);
  const a = factory(first, route("a"));
  first.commit();
  (await filters.prepare([])).commit();
  expect(factory(await filters.prepare([route("a")]), route("a"))).not.toBe(a);
});

describe("a filter that holds something", () => {
  function closing(): { readonly filters: KeptFilters; readonly closed: string[] } {
    const closed: string[] = [];
    let n = 0;
    const filters = kept(() => {
      const name = String(++n);
      return { open: () => null, close: () => closed.push(name) };
    });
    return { filters, closed };
  }

  test("is closed when its config is no more, and its exchanges are over", async () => {
    const { filters, closed } = closing();
    const first = await filters.prepare([route("a"), route("b")]);
    const [a] = [first.chain(route("a")), first.chain(route("b"))];
    first.commit();
    a.enter();
    a.enter();
    (await filters.prepare([])).commit();
    expect(closed).toEqual(["2"]);
    a.leave();
    expect(closed).toEqual(["2"]);
    a.leave();
    expect(closed).toEqual(["2", "1"]);
  });

  test("stays open while a config has it, whatever its exchanges do", async () => {
    const { filters, closed } = closing();
    const first = await filters.prepare([route("a")]);
    const old = first.chain(route("a"));
    first.commit();
    old.enter();
    const second = await filters.prepare([route("a")]);
    const chain = second.chain(route("a"));
    second.commit();
    old.leave();
    expect(closed).toEqual([]);
    chain.enter();
    chain.leave();
    expect(closed).toEqual([]);
    filters.close();
    expect(closed).toEqual(["1"]);
  });

  test("is closed where its config never came into force, and only then", async () => {
    const { filters, closed } = closing();
    const first = await filters.prepare([route("a")]);
    first.chain(route("a"));
    first.commit();
    const second = await filters.prepare([route("a"), route("b")]);
    second.chain(route("b"));
    second.undo();
    expect(closed).toEqual(["2"]);
  });
});

describe("a filter that can't be had", () => {
  const problem = { severity: "error" as const, path: "", message: "no such program", hint: "", place: null };

  test.each<[string, Provision]>([
    ["a problem", () => [problem]],
    ["one that comes later", async () => [problem]],
    [
      "a throw",
      () => {
        throw new Error("no such program");
      },
    ],
    ["a rejection", () => Promise.reject(new Error("no such program"))],
  ])("refuses its config: %s", async (_what, provision) => {
    const next = await kept(provision).prepare([route("a")]);
    expect(next.problems.map((p) => p.path)).toEqual(["a.filters[0]"]);
    expect(next.problems[0]!.message).toContain("no such program");
    next.undo();
  });

  test("closes those that were made beside it", async () => {
    const closed: string[] = [];
    const filters = kept(async (spec) =>
      spec.kind === "admission" && spec.windowMs === 1 ? [problem] : { open: () => null, close: () => closed.push("one") },
    );
    const next = await filters.prepare([route("a"), route("b", 1)]);
    next.undo();
    expect(closed).toEqual(["one"]);
  });
});
