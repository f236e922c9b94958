import { expect, test } from "bun:test";
import { moduleEnv } from "../../../../src/server/modules/module_env.ts";

test("what a module logs is a line of Weir's, whatever it is", () => {
  const logged: unknown[] = [];
  const { log } = moduleEnv({ log: (...line) => void logged.push(line) }, () => Promise.reject(new Error("no cluster")));
  log("warning", "it is so", { a: 1 });
  const circle: Record<string, unknown> = {};
  circle["itself"] = circle;
  log("loud" as "info", 7 as unknown as string, circle);
  log("error", "x".repeat(5_000));
  expect(logged).toEqual([
    ["warning", "a module says", { line: "it is so", facts: '{"a":1}' }],
    ["info", "a module says", { line: "7", facts: "" }],
    ["error", "a module says", { line: "x".repeat(4_000), facts: "{}" }],
  ]);
});
