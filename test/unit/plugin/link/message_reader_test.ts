import { describe, expect, test } from "bun:test";
import { type Message, MessageReader } from "../../../../src/plugin/link/message_reader.ts";

const LIMIT = 200;

function read(
  input: string | Uint8Array,
  cut: number,
  binary = true,
): { seen: [Message, string | null][]; fault: string | null } {
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  const seen: [Message, string | null][] = [];
  const reader = new MessageReader(LIMIT, {
    onMessage: (m, b) => seen.push([m, b === null ? null : new TextDecoder().decode(b)]),
  });
  reader.binary = binary;
  let fault: string | null = null;
  for (let at = 0; at < bytes.length && fault === null; at += cut) fault = reader.receive(bytes.slice(at, at + cut));
  return { seen, fault };
}

const CASES: readonly [string, string, readonly (readonly [unknown, string | null])[]][] = [
  ["one message", '{"jsonrpc":"2.0","id":1,"result":{}}\n', [[{ jsonrpc: "2.0", id: 1, result: {} }, null]]],
  ["CR before LF, empty lines", '\n\r\n{"jsonrpc":"2.0","method":"a"}\r\n \n', [[{ jsonrpc: "2.0", method: "a" }, null]]],
  ["text beyond ASCII", '{"jsonrpc":"2.0","method":"é€😀"}\n', [[{ jsonrpc: "2.0", method: "é€😀" }, null]]],
  [
    "a frame and the message behind it",
    '{"jsonrpc":"2.0","method":"a","bytes":5}\nhe\nlo{"jsonrpc":"2.0","method":"b"}\n',
    [
      [{ jsonrpc: "2.0", method: "a", bytes: 5 }, "he\nlo"],
      [{ jsonrpc: "2.0", method: "b" }, null],
    ],
  ],
];

const FAULTS: readonly [string, string | Uint8Array, string][] = [
  ["text", "hello\n", 'a line that is no message: "hello"'],
  ["an array", "[]\n", 'a line that is no message: "[]"'],
  ["another version", '{"jsonrpc":"1.0"}\n', 'a message without "jsonrpc": "2.0"'],
  ["not UTF-8", Uint8Array.of(0x7b, 0xff, 10), "a line that is not UTF-8"],
  ["a byte order mark", `\uFEFF{"jsonrpc":"2.0"}\n`, "a line that is no message"],
  ["a line that is too long", `{"jsonrpc":"2.0","method":"${"x".repeat(LIMIT)}"}\n`, "a line of more than 200 bytes"],
  ["a line without an end", "x".repeat(LIMIT), "a line of more than 200 bytes"],
  ["a frame that is too long", '{"jsonrpc":"2.0","bytes":201}\n', 'a frame of "201" bytes'],
  ["a frame of none", '{"jsonrpc":"2.0","bytes":0}\n', 'a frame of "0" bytes'],
  ["a frame of a part", '{"jsonrpc":"2.0","bytes":1.5}\n', 'a frame of "1.5" bytes'],
];

describe("messages of a plugin, cut at every length", () => {
  for (const [name, input, wanted] of CASES)
    test(name, () => {
      for (let cut = 1; cut <= input.length + 8; cut++)
        expect(read(input, cut)).toEqual({ seen: wanted as [Message, string | null][], fault: null });
    });
  for (const [name, input, wanted] of FAULTS)
    test(`refused: ${name}`, () => {
      for (let cut = 1; cut <= input.length; cut++) {
        const { seen, fault } = read(input, cut);
        expect(fault).toContain(wanted);
        expect(seen).toEqual([]);
      }
    });
  test("refused: a frame that was not agreed on", () => {
    expect(read('{"jsonrpc":"2.0","bytes":1}\nx', 100, false).fault).toContain("a binary frame, which was not agreed on");
  });
});
