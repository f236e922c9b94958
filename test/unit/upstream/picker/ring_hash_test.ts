import { describe, expect, test } from "bun:test";
import { buildRing } from "../../../../src/upstream/picker/ring_hash.ts";
import type { Host } from "../../../../src/upstream/types.ts";
import { hostsOf, keyOf, makerOf, runPickerCases } from "../../../seam/picker_cases.ts";

const POINTS = 160;
const make = makerOf({ kind: "ringHash", points: POINTS, on: [], slowStart: null });

runPickerCases("ringHash", make, {
  evenWithin: null,
  shares: { kind: "points", draws: 100_000, points: POINTS },
  consistent: true,
});

describe("ring hash", () => {
  test("has points by weight, in order, and one at least for each host", () => {
    const { at, owners } = buildRing(hostsOf([1, 2, 3]), [1, 2, 3], POINTS);
    const counts = [0, 0, 0];
    owners.forEach((o) => {
      counts[o]!++;
    });
    expect(counts).toEqual([80, 160, 240]);
    expect(at.every((p, i) => i === 0 || at[i - 1]! <= p)).toBe(true);
    expect(buildRing(hostsOf([65535, 1]), [65535, 1], POINTS).owners.filter((o) => o === 1).length).toBe(1);
  });

  test("a host that goes moves its own keys and no other", () => {
    const hosts = hostsOf(new Array(20).fill(1));
    const [before, after] = [make(hosts), make(hosts.slice(1))];
    for (let k = 0; k < 5000; k++) {
      const p = { hash: keyOf(k), exclude: null };
      const host = before.pick(p);
      if (host !== hosts[0]) expect(after.pick(p)).toBe(host);
    }
  });

  test("an address that stands there twice has two shares", () => {
    const [a] = hostsOf([1]) as [Host];
    const hosts = [a, ...hostsOf([1])];
    const picker = make(hosts);
    let first = 0;
    for (let k = 0; k < 2000; k++) if (picker.pick({ hash: keyOf(k), exclude: null }) === a) first++;
    // Half, within five standard deviations of 320 points and 2,000 draws.
    expect(Math.abs(first / 2000 - 0.5)).toBeLessThan(5 * (0.5 / Math.sqrt(320) + 0.5 / Math.sqrt(2000)));
  });

  test("keys at and behind the last point go to the first", () => {
    const hosts = hostsOf([1, 1, 1]);
    const { at, owners } = buildRing(hosts, [1, 1, 1], POINTS);
    const picker = make(hosts);
    expect(picker.pick({ hash: 0xffffffff, exclude: null })).toBe(hosts[owners[at.at(-1) === 0xffffffff ? at.length - 1 : 0]!]!);
    for (const i of [0, 1, 77, at.length - 1]) expect(picker.pick({ hash: at[i]!, exclude: null })).toBe(hosts[owners[i]!]!);
  });

  test("keys of a host that was tried are spread over the others", () => {
    const hosts = hostsOf(new Array(10).fill(1));
    const picker = make(hosts);
    const next = new Set<Host>();
    for (let k = 0; k < 3000; k++) {
      const p = { hash: keyOf(k), exclude: null };
      if (picker.pick(p) === hosts[0]) next.add(picker.pick({ ...p, exclude: [hosts[0]!] }) as Host);
    }
    expect(next.size).toBe(9);
  });
});
