import { expect, test } from "bun:test";
import type { AdmissionSpec } from "../../../src/config/traffic_model.ts";
import { createMemoryPlatform } from "../../../src/platform/memory.ts";
import { KeptFilters } from "../../../src/server/kept_filters.ts";

const ADMISSION: AdmissionSpec = {
  kind: "admission",
  windowMs: 30_000,
  threshold: 0.95,
  aggression: 1,
  minRate: 0,
  maxRejection: 0.8,
  waitMs: 0,
};

function kept(): KeptFilters {
  const p = createMemoryPlatform();
  return new KeptFilters({
    now: () => p.now(),
    wallNow: () => p.wallNow(),
    setTimer: (ms, f) => p.setTimer(ms, f),
    random: () => 0,
  });
}

test("a filter stays as long as its route and its settings do", () => {
  const filters = kept();
  const first = filters.prepare(new Map());
  const a = first.filter(ADMISSION, "a");
  expect(first.filter(ADMISSION, "b")).not.toBe(a);
  first.commit();
  const second = filters.prepare(new Map());
  expect(second.filter({ ...ADMISSION }, "a")).toBe(a);
  expect(second.filter({ ...ADMISSION, windowMs: 1_000 }, "a")).not.toBe(a);
});

test("a config that is never in force leaves what is", () => {
  const filters = kept();
  const first = filters.prepare(new Map());
  const a = first.filter(ADMISSION, "a");
  first.commit();
  filters.prepare(new Map());
  expect(filters.prepare(new Map()).filter(ADMISSION, "a")).toBe(a);
});

test("what left the config is forgotten", () => {
  const filters = kept();
  const first = filters.prepare(new Map());
  const a = first.filter(ADMISSION, "a");
  first.commit();
  filters.prepare(new Map()).commit();
  expect(filters.prepare(new Map()).filter(ADMISSION, "a")).not.toBe(a);
});
