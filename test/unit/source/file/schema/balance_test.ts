import { describe, expect, test } from "bun:test";
import { BALANCE_KINDS, balanceSchema, policyOf } from "../../../../../src/source/file/schema/balance.ts";

describe("a policy", () => {
  test("by its name alone has every setting", () => {
    for (const kind of BALANCE_KINDS) {
      expect(balanceSchema.parse(kind)).toBe(kind);
      expect(policyOf(kind)).toEqual(balanceSchema.parse({ [kind]: {} }) as never);
    }
    expect(policyOf("maglev")).toEqual({ maglev: { on: "source", tableSize: 65_537 } });
    expect(policyOf("ringHash")).toEqual({ ringHash: { on: "source", points: 160 } });
  });

  test("has a table of a prime number of slots", () => {
    const takes = (tableSize: unknown): boolean => balanceSchema.safeParse({ maglev: { tableSize } }).success;
    for (const prime of [2, 3, 251, 65_537, 5_000_011, "65537"]) expect([prime, takes(prime)]).toEqual([prime, true]);
    for (const other of [0, 1, 4, 65_536, 65_539 * 3, 5_000_013, 5_000_021, -7, 2.5, "many", null])
      expect([other, takes(other)]).toEqual([other, false]);
  });
});
