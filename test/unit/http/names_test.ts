import { expect, test } from "bun:test";
import { encodeLatin1 } from "../../../src/base/bytes.ts";
import { ID, idOfName, knownId, knownIdOf } from "../../../src/http/names.ts";
import { bodyForbidden, reasonPhrase } from "../../../src/http/status.ts";

test("every known name is found in any case, and nothing near it", () => {
  const ids = new Set<number>();
  for (const [name, id] of Object.entries(ID)) {
    expect(id).toBeGreaterThan(0);
    expect(id).toBeLessThan(32);
    ids.add(id);
    expect(knownIdOf(name)).toBe(id);
    for (const written of [name, name.toUpperCase(), name.replace(/(^|-)[a-z]/g, (c) => c.toUpperCase())]) {
      const b = encodeLatin1(`..${written}..`);
      expect(knownId(b, 2, 2 + written.length)).toBe(id);
      // The second time it is a spelling that is remembered.
      expect([idOfName(written), idOfName(written)]).toEqual([id, id]);
    }
    for (const other of [name.slice(1), name.slice(0, -1), `${name}x`, `x${name}`, name.replace(/[a-z]/, "0")]) {
      const expected = (ID as Readonly<Record<string, number>>)[other] ?? 0;
      expect(knownId(encodeLatin1(other), 0, other.length)).toBe(expected);
      expect(knownIdOf(other)).toBe(expected);
      expect(idOfName(other)).toBe(expected);
    }
  }
  expect(ids.size).toBe(Object.keys(ID).length);
});

test("names of objects are no known names", () => {
  for (const name of ["constructor", "__proto__", "tostring"]) expect([knownIdOf(name), idOfName(name)]).toEqual([0, 0]);
});

test("more spellings than are remembered are told right all the same", () => {
  for (let i = 0; i < 2_000; i++) expect(idOfName(`X-Of-A-Stranger-${i}`)).toBe(0);
  expect([idOfName("cOnTeNt-LeNgTh"), idOfName("cOnTeNt-LeNgTh")]).toEqual([ID["content-length"], ID["content-length"]]);
});

test("phrases and bodies of a status (RFC 9110 15, RFC 9112 6.3)", () => {
  expect(reasonPhrase(200)).toBe("OK");
  expect(reasonPhrase(299)).toBe("");
  const forbidden = (status: number): boolean => bodyForbidden(status, "GET");
  expect([100, 101, 199, 204, 304].map(forbidden)).toEqual([true, true, true, true, true]);
  expect([200, 205, 206, 301, 404, 500].some(forbidden)).toBe(false);
  expect(bodyForbidden(200, "HEAD")).toBe(true);
  expect(bodyForbidden(200, "head")).toBe(false);
});
