import { describe, expect, test } from "bun:test";
import { SourceText } from "../../../../src/source/file/source_text.ts";

describe("SourceText.place", () => {
  const source = new SourceText("a.yaml", "first\r\nsecond line\n\nlast");
  const rows: readonly [string, number, number, object][] = [
    ["the first character", 0, 1, { line: 1, column: 1, text: "first", length: 1 }],
    ["a word", 7, 13, { line: 2, column: 1, text: "second line", length: 6 }],
    ["what goes on over lines is cut to the first", 14, 23, { line: 2, column: 8, text: "second line", length: 4 }],
    ["an empty line", 19, 19, { line: 3, column: 1, text: "", length: 1 }],
    ["the end", 24, 24, { line: 4, column: 5, text: "last", length: 1 }],
    ["behind the end", 99, 100, { line: 4, column: 5, text: "last", length: 1 }],
    ["a line break of two characters", 5, 7, { line: 1, column: 6, text: "first", length: 1 }],
  ];
  for (const [what, start, end, place] of rows) {
    test(what, () => expect(source.place(start, end)).toEqual({ file: "a.yaml", ...place } as never));
  }

  test("an empty file has one empty line", () => {
    expect(new SourceText("e", "").place(0, 0)).toEqual({ file: "e", line: 1, column: 1, text: "", length: 1 });
  });
});
