import { describe, expect, test } from "bun:test";
import { DescriptorBudget } from "../../../src/platform/descriptor_budget.ts";

/** A budget over figures that the test sets. */
function make(limit: number, used: number) {
  const host = { limit, used, now: 0, counts: 0 };
  const budget = new DescriptorBudget(
    () => {
      host.counts++;
      return { used: host.used, limit: host.limit };
    },
    () => host.now,
  );
  return { host, budget };
}

function takeAll(take: () => boolean): number {
  let n = 0;
  while (take()) n++;
  return n;
}

describe("descriptor budget", () => {
  test("leaves a reserve of an eighth to accepts and of a sixteenth to dials", () => {
    const { budget } = make(1024, 24);
    expect(takeAll(() => budget.takeForAccept())).toBe(1024 - 24 - 128);
    expect(budget.roomForAccept()).toBe(false);
    expect(takeAll(() => budget.takeForDial())).toBe(64);
  });

  test("keeps at least 16 and at most 1024 back", () => {
    expect(takeAll(() => small.budget.takeForAccept())).toBe(64 - 10 - 16);
    expect(takeAll(() => big.budget.takeForAccept())).toBe(1_000_000 - 1024);
  });
  const small = make(64, 10);
  const big = make(1_000_000, 0);

  test("a socket given back can be taken again without a count", () => {
    const { host, budget } = make(64, 10);
    takeAll(() => budget.takeForAccept());
    const counts = host.counts;
    budget.give();
    expect(budget.takeForAccept()).toBe(true);
    expect(host.counts).toBe(counts);
  });

  test("counts once for all that fit, and when full no more often than it rests or denies", () => {
    const { host, budget } = make(1024, 24);
    for (let i = 0; i < 500; i++) budget.takeForAccept();
    expect(host.counts).toBe(1);
    takeAll(() => budget.takeForAccept());
    host.used = 1024;
    for (let i = 0; i < 640; i++) expect(budget.takeForAccept()).toBe(false);
    expect(host.counts).toBeLessThanOrEqual(1 + 640 / 16);
  });

  test("sees what others have closed after a rest", () => {
    const { host, budget } = make(64, 64);
    expect(budget.takeForAccept()).toBe(false);
    host.used = 10;
    expect(budget.takeForAccept()).toBe(false);
    host.now += 51;
    expect(budget.takeForAccept()).toBe(true);
  });

  test("knows no bound where the system tells none", () => {
    const budget = new DescriptorBudget(
      () => null,
      () => 0,
    );
    for (let i = 0; i < 10_000; i++) expect(budget.takeForAccept()).toBe(true);
  });

  test("counts this process", () => {
    const budget = new DescriptorBudget();
    expect(budget.takeForAccept()).toBe(true);
    expect(budget.takeForDial()).toBe(true);
  });
});
