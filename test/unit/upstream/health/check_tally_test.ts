import { describe, expect, test } from "bun:test";
import { CheckTally } from "../../../../src/upstream/health/check_tally.ts";

/** What is thought after each answer: `+` and `-` are answers, `H`, `U` and `?` states. */
function after(answers: string, healthyThreshold: number, unhealthyThreshold: number, before: boolean | null = null): string {
  const tally = new CheckTally(before);
  let out = "";
  for (const a of answers) {
    const was = tally.healthy;
    expect(tally.take(a === "+", { healthyThreshold, unhealthyThreshold })).toBe(tally.healthy !== was);
    out += tally.healthy === null ? "?" : tally.healthy ? "H" : "U";
  }
  return out;
}

describe("what is thought of a host", () => {
  const cases: [answers: string, healthy: number, unhealthy: number, before: boolean | null, states: string][] = [
    ["+", 5, 5, null, "H"],
    ["-", 5, 5, null, "U"],
    ["+---", 1, 3, null, "HHHU"],
    ["+--+--+---", 1, 3, null, "HHHHHHHHHU"],
    ["-+-++", 2, 1, null, "UUUUH"],
    ["-+-", 1, 1, null, "UHU"],
    ["--", 2, 2, true, "HU"],
    ["++", 2, 2, false, "UH"],
    ["+-", 2, 2, true, "HH"],
  ];
  for (const [answers, healthy, unhealthy, before, states] of cases) {
    test(`${answers} with thresholds ${healthy} and ${unhealthy} from ${before}: ${states}`, () =>
      expect(after(answers, healthy, unhealthy, before)).toBe(states));
  }
});
