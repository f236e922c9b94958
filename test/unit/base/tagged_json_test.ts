import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeTagged, encodeTagged } from "../../../src/base/tagged_json.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";

const ROWS: readonly (readonly [string, unknown])[] = [
  ["plain data", { a: [1, -0.5, "x\u00e9\ud83d\ude00", true, null], b: {} }],
  [
    "a map",
    new Map<unknown, unknown>([
      ["a", 1],
      [2, new Map([["x", []]])],
    ]),
  ],
  ["numbers without end", { cap: Number.POSITIVE_INFINITY, list: [Number.NEGATIVE_INFINITY, Number.NaN] }],
  ["an empty map", new Map()],
  ["bytes", { body: Uint8Array.of(0, 255, 128) }],
  ["no bytes", { body: new Uint8Array(0) }],
  ["a map of records with bytes", new Map([["a", { body: Uint8Array.of(1) }]])],
];

describe("comes back as it was", () => {
  for (const [name, value] of ROWS) test(name, () => expect(decodeTagged(encodeTagged(value))).toEqual(value));

  test("bytes that a Buffer holds, a part of its memory", () => {
    const part = Buffer.from("abcdef").subarray(2, 4);
    expect(decodeTagged(encodeTagged({ part }))).toEqual({ part: Uint8Array.of(0x63, 0x64) });
  });

  const golden = join(import.meta.dirname, "..", "..", "golden", "config");
  for (const name of readdirSync(golden).filter((n) => n.endsWith(".yaml") && !n.startsWith("bad")))
    test(`the model of ${name}`, async () => {
      const files = { read: async () => "text", list: async () => [] };
      const { model } = await parseConfig(readFileSync(join(golden, name), "utf8"), name, { HOME: "x" }, files);
      if (model !== null) expect(decodeTagged(encodeTagged(model))).toEqual(model);
    });
});

test("what is no JSON throws", () => expect(() => decodeTagged("{")).toThrow(SyntaxError));
