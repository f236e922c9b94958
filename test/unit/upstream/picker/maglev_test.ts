import { describe, expect, test } from "bun:test";
import { buildMaglev } from "../../../../src/upstream/picker/maglev.ts";
import { hostsOf, keyOf, makerOf, runPickerCases } from "../../../seam/picker_cases.ts";

const SLOTS = 65_537;
const make = makerOf({ kind: "maglev", tableSize: SLOTS, on: [], slowStart: null });

// The table is exact to a slot; what differs is chance among 100,000 keys, five standard deviations of a half.
runPickerCases("maglev", make, {
  evenWithin: null,
  shares: { kind: "within", draws: 100_000, within: 5 * Math.sqrt(0.25 / 100_000) + 2 / SLOTS },
  consistent: true,
});

describe("maglev", () => {
  test("slots are the weights' to within one", () => {
    for (const weights of [new Array(7).fill(1), [1, 2, 3], [65535, 1], [90, 10, 1]]) {
      const table = buildMaglev(hostsOf(weights), weights, SLOTS);
      const sum = weights.reduce((a, b) => a + b);
      weights.forEach((w, i) => {
        const slots = table.filter((o: number) => o === i).length;
        expect(Math.abs(slots - (SLOTS * w) / sum)).toBeLessThanOrEqual(1);
      });
    }
  });

  test("a host that is too light for a slot has one", () => {
    const weights = [...new Array(20).fill(65535), 1];
    const table = buildMaglev(hostsOf(weights), weights, SLOTS);
    expect(table.filter((o: number) => o === 20).length).toBe(1);
  });

  test("indexes take as few bytes as tell all hosts, and the last one is told", () => {
    for (const [n, bytes] of [
      [256, 1],
      [257, 2],
    ] as const) {
      const weights = new Array(n).fill(1);
      const table = buildMaglev(hostsOf(weights), weights, SLOTS);
      expect(table.BYTES_PER_ELEMENT).toBe(bytes);
      expect(table.includes(n - 1)).toBe(true);
    }
  });

  test("every slot is found: the first and the last key too", () => {
    const hosts = hostsOf([1, 1]);
    const table = buildMaglev(hosts, [1, 1], 7);
    const picker = makerOf({ kind: "maglev", tableSize: 7, on: [], slowStart: null })(hosts);
    expect(picker.pick({ hash: 1, exclude: null })).toBe(hosts[table[0]!]!);
    expect(picker.pick({ hash: 0xffffffff, exclude: null })).toBe(hosts[table[6]!]!);
  });

  test("a host that goes moves few keys beside its own: under 2 % of 20 hosts' keys", () => {
    const hosts = hostsOf(new Array(20).fill(1));
    const [before, after] = [make(hosts), make(hosts.slice(1))];
    let others = 0;
    for (let k = 0; k < 20_000; k++) {
      const p = { hash: keyOf(k), exclude: null };
      const host = before.pick(p);
      if (host !== hosts[0] && after.pick(p) !== host) others++;
    }
    expect(others / 20_000).toBeLessThan(0.02);
  });
});
