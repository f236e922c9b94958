import { describe, expect, test } from "bun:test";
import { encodeLatin1, putBytes } from "../../../../../src/base/bytes.ts";
import { DynamicTable } from "../../../../../src/http/h2/hpack/dynamic_table.ts";
import { Random } from "../../../../fuzz/random.ts";
import { entriesOf } from "./entries.ts";

function insert(t: DynamicTable, name: string, value: string, meta = 0): void {
  const line = encodeLatin1(`${name}: ${value}\r\n`);
  const at = t.insert(name.length, value.length, meta, 0);
  if (at >= 0) putBytes(t.bytes, at, line, 0, line.length);
}

describe("DynamicTable (RFC 7541 section 4)", () => {
  test("4.1: counts names, values and 32 bytes an entry", () => {
    const t = new DynamicTable(4096);
    insert(t, "a", "bc");
    insert(t, "dd", "");
    expect(t.size).toBe(35 + 34);
    expect(entriesOf(t)).toEqual(["dd: ", "a: bc"]);
  });

  test("4.4: an insertion throws out the oldest until it fits", () => {
    const t = new DynamicTable(110);
    for (const name of ["a", "b", "c"]) insert(t, name, "1234");
    expect(entriesOf(t)).toEqual(["c: 1234", "b: 1234"]);
    insert(t, "d", "1".repeat(36));
    expect(entriesOf(t)).toEqual([`d: ${"1".repeat(36)}`, "c: 1234"]);
  });

  test("4.4: an entry larger than the table empties it", () => {
    const t = new DynamicTable(100);
    insert(t, "a", "1");
    insert(t, "b", "1".repeat(67));
    expect(entriesOf(t)).toEqual([`b: ${"1".repeat(67)}`]);
    insert(t, "b", "1".repeat(68));
    expect([entriesOf(t), t.size]).toEqual([[], 0]);
    insert(t, "c", "2");
    expect(entriesOf(t)).toEqual(["c: 2"]);
  });

  test("4.3: a smaller size throws out, none empties, a larger one takes more", () => {
    const t = new DynamicTable(200);
    for (const name of ["a", "b", "c"]) insert(t, name, "1234");
    t.resize(80);
    expect(entriesOf(t)).toEqual(["c: 1234", "b: 1234"]);
    t.resize(0);
    insert(t, "d", "");
    expect([entriesOf(t), t.size, t.bytes.length]).toEqual([[], 0, 0]);
    t.resize(4096);
    for (let i = 0; i < 40; i++) insert(t, `n${i}`, "v");
    expect(t.count).toBe(40);
  });

  test("keeps what an array of entries keeps, with its memory bounded", () => {
    const r = new Random(4);
    for (let run = 0; run < 20; run++) {
      let max = r.pick([0, 64, 300, 4096]);
      const t = new DynamicTable(max);
      let model: [string, string, number][] = [];
      const size = (): number => model.reduce((n, [name, value]) => n + name.length + value.length + 32, 0);
      for (let i = 0; i < 400; i++) {
        if (r.once(40)) {
          max = r.pick([0, 64, 300, 1000, 4096]);
          t.resize(max);
        } else {
          const [name, value] = ["n".repeat(1 + r.below(20)), String(i).repeat(r.below(r.once(10) ? 400 : 12))];
          insert(t, name, value, i);
          model = [[name, value, i], ...model];
          if (name.length + value.length + 32 > max) model = [];
        }
        while (size() > max) model.pop();
        expect(entriesOf(t)).toEqual(model.map(([name, value]) => `${name}: ${value}`));
        expect(model.map((_, k) => t.meta(t.slotOf(t.inserted - k)))).toEqual(model.map(([, , meta]) => meta));
        expect(t.size).toBe(size());
        expect(t.bytes.length).toBeLessThanOrEqual(2 * 4096);
      }
    }
  });
});
