import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeLatin1 } from "../../../src/base/bytes.ts";
import { Fields } from "../../../src/http/fields.ts";
import { FieldReader } from "../../../src/http/h1/field_reader.ts";
import { ID } from "../../../src/http/names.ts";

/** Fields as received in these lines. */
function received(...lines: string[]): Fields {
  const raw = encodeLatin1(`${lines.map((l) => `${l}\r\n`).join("")}\r\n`);
  const reader = new FieldReader(1000, "keep");
  reader.start(0);
  expect(reader.read(raw, raw.length)).toBe(raw.length);
  return reader.take(raw);
}

function listed(f: Fields): string[] {
  const out: string[] = [];
  f.forEach((name, value) => {
    out.push(`${name}: ${value}`);
  });
  return out;
}

describe("Fields", () => {
  test("finds a name whatever its case, and gives the case that it came in", () => {
    const f = received("HoSt: a", "X-One: 1", "x-one: 2");
    expect(f.get("host")).toBe("a");
    expect(f.get("X-ONE")).toBe("1");
    expect(f.getAll("x-one")).toEqual(["1", "2"]);
    expect(f.list("x-one")).toBe("1, 2");
    expect(listed(f)).toEqual(["HoSt: a", "X-One: 1", "x-one: 2"]);
    expect(f.count()).toBe(3);
  });

  test("keeps a sender's mark, whatever is done to the field (RFC 7541 6.2.3)", () => {
    const f = received("X-One: 1");
    expect(f.neverIndexed).toBeNull();
    f.neverIndexed = new Set(["x-one"]);
    f.set("X-One", "2");
    expect(f.clone().neverIndexed).toBe(f.neverIndexed);
    f.remove("x-one");
    expect([...f.neverIndexed]).toEqual(["x-one"]);
  });

  test("tells what is not there", () => {
    const f = received("Host: a");
    expect(f.get("x")).toBeNull();
    expect(f.get("via")).toBeNull();
    expect(f.list("x")).toBeNull();
    expect(f.getAll("via")).toEqual([]);
    expect(f.has("x")).toBe(false);
    expect(f.hasId(ID.via)).toBe(false);
    expect(f.getId(ID.via, "via")).toBeNull();
    expect(Fields.empty().count()).toBe(0);
  });

  test("keeps what is added behind what was received", () => {
    const f = received("Via: 1.1 a", "X: 1");
    f.add("vIA", "1.1 b");
    f.add("X", "2");
    expect(listed(f)).toEqual(["Via: 1.1 a", "X: 1", "vIA: 1.1 b", "X: 2"]);
    expect(f.list("via")).toBe("1.1 a, 1.1 b");
    expect(f.get("x")).toBe("1");
    expect(f.hasId(ID.via)).toBe(true);
  });

  test("an added known field is found by its id", () => {
    const f = Fields.of("Host", "a");
    expect(f.hasId(ID.host)).toBe(true);
    expect(f.getId(ID.host, "host")).toBe("a");
  });

  test("set replaces received and added ones by one", () => {
    const f = received("X: 1", "Y: 2", "x: 3");
    f.add("X", "4");
    f.set("x", "5");
    expect(listed(f)).toEqual(["Y: 2", "x: 5"]);
  });

  test("remove tells whether there was one", () => {
    const f = received("X: 1", "Via: 2", "x: 3");
    f.add("Z", "4");
    expect([f.remove("x"), f.remove("x"), f.remove("VIA"), f.remove("via"), f.remove("z"), f.remove("q")]).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(listed(f)).toEqual([]);
    expect(f.added).toBeNull();
    expect(f.count()).toBe(0);
    expect(f.hasId(ID.via)).toBe(false);
  });

  test("a clone changes alone", () => {
    const f = received("X: 1", "Via: 2");
    f.add("Y", "3");
    const copy = f.clone();
    copy.remove("x");
    copy.set("via", "9");
    copy.add("Q", "1");
    expect(listed(f)).toEqual(["X: 1", "Via: 2", "Y: 3"]);
    expect(listed(copy)).toEqual(["Y: 3", "via: 9", "Q: 1"]);
  });

  test("names of objects are names like others", () => {
    const f = received("__proto__: 1", "constructor: 2");
    expect(f.get("__proto__")).toBe("1");
    expect(f.get("constructor")).toBe("2");
    expect(f.get("toString")).toBeNull();
  });

  test("values keep every byte above 0x7F", () => {
    expect(received("X: \x80\xff").get("x")).toBe("\x80\xff");
  });
});

const names = ["Host", "host", "Via", "VIA", "X-A", "x-a", "X-B", "Content-Length", "x_a"];
const name = fc.constantFrom(...names);
const value = fc.constantFrom("", "1", "a b", "\xe9");
const step = fc.oneof(
  fc.record({ do: fc.constant("add" as const), name, value }),
  fc.record({ do: fc.constant("set" as const), name, value }),
  fc.record({ do: fc.constant("remove" as const), name, value }),
);

test("does what a plain list of pairs would do", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 6 }), fc.array(step, { maxLength: 12 }), (pairs, steps) => {
      const f = received(...pairs.map(([n, v]) => `${n}: ${v}`));
      let model = [...pairs];
      const drop = (n: string): void => {
        model = model.filter(([m]) => m.toLowerCase() !== n.toLowerCase());
      };
      for (const s of steps) {
        if (s.do === "add") f.add(s.name, s.value);
        else if (s.do === "set") f.set(s.name, s.value);
        else f.remove(s.name);
        if (s.do !== "add") drop(s.name);
        if (s.do !== "remove") model.push([s.name, s.value]);
      }
      expect(listed(f)).toEqual(model.map(([n, v]) => `${n}: ${v}`));
      expect(f.count()).toBe(model.length);
      for (const n of names) {
        const all = model.filter(([m]) => m.toLowerCase() === n.toLowerCase()).map(([, v]) => v);
        expect(f.getAll(n)).toEqual(all);
        expect(f.get(n)).toBe(all[0] ?? null);
      }
    }),
    { numRuns: 400 },
  );
});
