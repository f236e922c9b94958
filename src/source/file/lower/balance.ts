import type { BalanceSpec, SlowStartSpec } from "../../../config/traffic_model.ts";
import type { Reporter } from "../problem_list.ts";
import { BALANCE_KINDS, type BalanceConfig, type PoliciesConfig, policyOf } from "../schema/balance.ts";
import { lowerHashKeys } from "./hash_keys.ts";

const AT = ["balance"];

/** What is wrong with it has been told. */
export function lowerBalance(balance: BalanceConfig, report: Reporter): BalanceSpec {
  const c = typeof balance === "string" ? policyOf(balance) : balance;
  const given = BALANCE_KINDS.filter((k) => c[k] !== undefined);
  if (given.length !== 1) {
    const found = given.length === 0 ? "none" : given.join(" and ");
    report.error(AT, `name one policy: found ${found}, wanted one of ${BALANCE_KINDS.join(", ")}`);
  }
  if (c.random !== undefined) return { kind: "random", slowStart: lowerSlowStart(c.random.slowStart) };
  if (c.leastRequest !== undefined) {
    const { choices, activeBias, slowStart } = c.leastRequest;
    return { kind: "leastRequest", choices, activeBias, slowStart: lowerSlowStart(slowStart) };
  }
  if (c.peakEwma !== undefined)
    return { kind: "peakEwma", decayMs: c.peakEwma.decay, slowStart: lowerSlowStart(c.peakEwma.slowStart) };
  if (c.ringHash !== undefined) {
    const { points, on, slowStart } = c.ringHash;
    const keys = lowerHashKeys(on, [...AT, "ringHash", "on"], report);
    return { kind: "ringHash", points, on: keys, slowStart: lowerSlowStart(slowStart) };
  }
  if (c.maglev !== undefined) {
    const { tableSize, on, slowStart } = c.maglev;
    const keys = lowerHashKeys(on, [...AT, "maglev", "on"], report);
    return { kind: "maglev", tableSize, on: keys, slowStart: lowerSlowStart(slowStart) };
  }
  return { kind: "roundRobin", slowStart: lowerSlowStart(c.roundRobin?.slowStart) };
}

type SlowStartConfig = NonNullable<PoliciesConfig["roundRobin"]>["slowStart"];

function lowerSlowStart(c: SlowStartConfig): SlowStartSpec | null {
  if (c === undefined) return null;
  if (typeof c === "number") return { windowMs: c, aggression: 1, minShare: 0.1 };
  return { windowMs: c.window, aggression: c.aggression, minShare: c.minShare };
}
