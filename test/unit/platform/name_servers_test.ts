import { expect, test } from "bun:test";
import { nameServersIn } from "../../../src/platform/name_servers.ts";

test.each([
  ["", []],
  ["nameserver 10.0.0.1\n", ["10.0.0.1"]],
  ["# nameserver 10.0.0.9\n;nameserver 10.0.0.8\n  nameserver\t::1 # here\noptions ndots:5\n", ["::1"]],
  ["nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n", ["10.0.0.1", "10.0.0.2", "10.0.0.3"]],
  ["search nameserver 10.0.0.1\nnameserver\n", []],
])("%j", (text, wanted) => {
  expect(nameServersIn(text).map((s) => s.host)).toEqual(wanted);
  expect(nameServersIn(text).every((s) => s.port === 53)).toBe(true);
});
