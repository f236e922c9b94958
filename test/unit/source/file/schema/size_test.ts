import { describe, expect, test } from "bun:test";
import { parseSize, size } from "../../../../../src/source/file/schema/size.ts";
import { refusal } from "./leaves.ts";

describe("parseSize", () => {
  const rows: readonly [string, number | null][] = [
    ["512", 512],
    ["512B", 512],
    ["64KiB", 65_536],
    ["64kib", 65_536],
    ["1MiB", 1_048_576],
    ["10MB", 10_000_000],
    ["10 MB", 10_000_000],
    ["1.5KiB", 1536],
    ["2GiB", 2 * 1024 ** 3],
    ["1TB", 1e12],
    ["0", 0],
    ["", null],
    ["64K", null],
    ["-1", null],
    ["1XB", null],
    ["KiB", null],
    ["1KiB1", null],
    ["1constructor", null],
  ];
  for (const [text, bytes] of rows) test(JSON.stringify(text), () => expect(parseSize(text)).toBe(bytes));
});

describe("a size in a config", () => {
  test("is bytes, as number or text", () => {
    expect(size(0).parse(4096)).toBe(4096);
    expect(size(0).parse("4KiB")).toBe(4096);
  });

  test("has bounds that are told in round units", () => {
    expect(refusal(size(1024), "1000")?.message).toBe('raise the size: found "1000", wanted at least 1KiB');
    expect(refusal(size(0, 1024 ** 2), "2MiB")?.message).toBe('lower the size: found "2MiB", wanted at most 1MiB');
    expect(refusal(size(0, 1500), 2000)?.message).toBe("lower the size: found 2000, wanted at most 1500 bytes");
  });

  test("with half a unit is refused with the whole one", () => {
    expect(refusal(size(0), "64k")?.hint).toBe('did you mean "64KiB"?');
    expect(refusal(size(0), "2G")?.hint).toBe('did you mean "2GiB"?');
    expect(refusal(size(0), 1.5)?.wanted).toContain("a size");
  });
});
