import { expect, test } from "bun:test";
import { fieldFault } from "../../../src/filter/field_fault.ts";
import { Fields } from "../../../src/http/fields.ts";

test("fields that a filter has added are ones that can be sent", () => {
  for (const [name, value] of [
    ["x-a", "b"],
    ["X-A", ""],
    ["x-a", "b \t c\xff"],
    ["!#$%&'*+-.^_`|~", "1"],
  ] as const)
    expect(fieldFault(Fields.of("x-ok", "1", name, value))).toBe(null);
  expect(fieldFault(Fields.empty())).toBe(null);
});

test("one that would be another, or that can't be sent, is named", () => {
  for (const name of ["", "x a", "x:a", "x\r\na", ":path", "\u0101"])
    expect(fieldFault(Fields.of("x-ok", "1", name, "v"))).toBe(
      `give a field a name of token characters, found ${JSON.stringify(name)}`,
    );
  for (const value of ["a\r\nb: c", "a\n", "\0", "\x7f", "\u010a"])
    expect(fieldFault(Fields.of("x-a", value))).toBe(
      `give the field x-a a value without control characters and those above U+00FF, found ${JSON.stringify(value)}`,
    );
  for (const value of [" a", "a ", "\ta", " "])
    expect(fieldFault(Fields.of("x-a", value))).toBe(
      `give the field x-a a value without a blank at its ends, found ${JSON.stringify(value)}`,
    );
});
