import { expect, test } from "bun:test";
import { same, textOf } from "../../../src/server/same.ts";

test("maps, bytes and what has no end are compared by what they hold", () => {
  expect(same({ subset: new Map([["version", "v1"]]) }, { subset: new Map([["version", "v1"]]) })).toBe(true);
  expect(same({ subset: new Map([["version", "v1"]]) }, { subset: new Map([["version", "v2"]]) })).toBe(false);
  expect(same({ body: Uint8Array.of(1) }, { body: Uint8Array.of(2) })).toBe(false);
  expect(same({ requests: Number.POSITIVE_INFINITY }, { requests: null })).toBe(false);
  expect(textOf({ cap: Number.POSITIVE_INFINITY })).toBe(textOf({ cap: Number.POSITIVE_INFINITY }));
});
