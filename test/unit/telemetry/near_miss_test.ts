import { expect, test } from "bun:test";
import { nearMiss } from "../../../src/telemetry/near_miss.ts";

const NAMES = ["method", "path", "status", "host", "route"];

test.each([
  ["metod", "method"],
  ["methdo", "method"],
  ["methood", "method"],
  ["hosst", "host"],
  ["path", "path"],
  ["patj", "path"],
  ["ptah", "path"],
  ["x", ""],
  ["", ""],
  ["anything else", ""],
])("%p is near %p", (wanted, found) => {
  expect(nearMiss(wanted, NAMES)).toBe(found);
});
