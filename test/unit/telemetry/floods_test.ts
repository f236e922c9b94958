import { expect, test } from "bun:test";
import { BUDGET_CAUSES } from "../../../src/http/h2/budgets.ts";
import { FLOODS } from "../../../src/telemetry/listener_metrics.ts";

test("every budget of HTTP/2 has its cell", () => {
  expect([...FLOODS]).toEqual([...BUDGET_CAUSES]);
});
