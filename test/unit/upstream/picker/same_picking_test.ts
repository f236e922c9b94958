import { describe, expect, test } from "bun:test";
import type { BalanceSpec, SharingSpec } from "../../../../src/config/traffic_model.ts";
import { samePicking } from "../../../../src/upstream/picker/same_picking.ts";
import { SHARING } from "../../../seam/picker_cases.ts";
import { cluster, endpoint } from "../specs.ts";

function same(a: Partial<{ balance: BalanceSpec; sharing: SharingSpec }>, b: typeof a): boolean {
  return samePicking(cluster([endpoint("10.0.0.1:80")], a), cluster([], { ...b, idleMs: 1 }));
}

describe("configs that choose alike", () => {
  test("when policy and sharing are the same, whatever else is not", () => {
    expect(same({}, {})).toBe(true);
    const zoneWeights = new Map([["a", 1]]);
    expect(same({ sharing: { ...SHARING, zoneWeights } }, { sharing: { ...SHARING, zoneWeights: new Map(zoneWeights) } })).toBe(
      true,
    );
    const on = [{ kind: "source" }] as const;
    expect(
      same(
        { balance: { kind: "maglev", tableSize: 7, on, slowStart: null } },
        { balance: { kind: "maglev", tableSize: 7, on: [], slowStart: null } },
      ),
    ).toBe(true);
  });

  test("not when a policy, one of its settings, or what shares is another", () => {
    const slowStart = { windowMs: 1, aggression: 1, minShare: 0.1 };
    expect(same({ balance: { kind: "random", slowStart: null } }, {})).toBe(false);
    expect(same({ balance: { kind: "random", slowStart: null } }, { balance: { kind: "random", slowStart } })).toBe(false);
    for (const more of [
      { panicThreshold: 0.4 },
      { overprovisioning: 2 },
      { zoneWeights: new Map() },
      { subsets: [["a"]] },
      { subsetFallback: "none" },
      { fallbackSubset: new Map([["a", "1"]]) },
    ] as const satisfies readonly Partial<SharingSpec>[])
      expect(same({ sharing: SHARING }, { sharing: { ...SHARING, ...more } })).toBe(false);
    expect(
      same(
        { sharing: { ...SHARING, zoneWeights: new Map([["a", 1]]) } },
        { sharing: { ...SHARING, zoneWeights: new Map([["a", 2]]) } },
      ),
    ).toBe(false);
  });

  test("redirected connections choose by themselves", () => {
    expect(samePicking(cluster([], { hosts: "originalDestination" }), cluster([]))).toBe(false);
  });
});
