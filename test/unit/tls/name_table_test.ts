import { describe, expect, test } from "bun:test";
import { NameTable } from "../../../src/tls/name_table.ts";

const PATTERNS = ["a.example", "*.example", "*.b.example", "x.b.example", "localhost", "*.com"];
const rows: readonly (readonly [name: string, oneLabel: string | null, anyLabels: string | null])[] = [
  ["a.example", "a.example", "a.example"],
  ["c.example", "*.example", "*.example"],
  ["b.example", "*.example", "*.example"],
  ["example", null, null],
  ["x.b.example", "x.b.example", "x.b.example"],
  ["y.b.example", "*.b.example", "*.b.example"],
  ["z.y.b.example", null, "*.b.example"],
  ["z.c.example", null, "*.example"],
  ["a.a.example", null, "*.example"],
  ["localhost", "localhost", "localhost"],
  ["x.localhost", null, null],
  ["*.example", "*.example", "*.example"],
  ["a.com", "*.com", "*.com"],
  ["", null, null],
  [".example", null, null],
  ["..example", null, null],
];

describe("a table of names", () => {
  for (const [name, oneLabel, anyLabels] of rows) {
    test(`finds ${JSON.stringify(name)}`, () => {
      expect(tableOf("oneLabel").find(name)).toBe(oneLabel);
      expect(tableOf("anyLabels").find(name)).toBe(anyLabels);
    });
  }

  test("keeps the first value of a name", () => {
    const t = new NameTable<number>("oneLabel");
    t.add("a.example", 1);
    t.add("a.example", 2);
    expect(t.find("a.example")).toBe(1);
  });
});

function tableOf(reach: "oneLabel" | "anyLabels"): NameTable<string> {
  const t = new NameTable<string>(reach);
  for (const p of PATTERNS) t.add(p, p);
  return t;
}
