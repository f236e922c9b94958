import { expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { type Message, Reader } from "../reader.ts";

function read(chunks: readonly Uint8Array[]): [Message, string | null][] {
  const out: [Message, string | null][] = [];
  const reader = new Reader((m, frame) => out.push([m, frame === null ? null : Buffer.from(frame).toString()]));
  for (const c of chunks) reader.read(Buffer.from(c));
  return out;
}

test("messages and frames come out the same however they are cut", () => {
  const whole = Buffer.from('{"id":1}\r\n\n{"id":2,"bytes":4}\n{\n}\n{"id":3,"method":"grüß"}\n');
  const wanted = [
    [{ id: 1 }, null],
    [{ id: 2, bytes: 4 }, "{\n}\n"],
    [{ id: 3, method: "grüß" }, null],
  ];
  expect(read([whole])).toEqual(wanted as never);
  for (let size = 1; size < whole.length; size++) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < whole.length; at += size) chunks.push(whole.subarray(at, at + size));
    expect(read(chunks)).toEqual(wanted as never);
  }
});

test("a line that is no message throws", () => {
  for (const line of ["hello", "[]", "1", "null", '{"bytes":0}', '{"bytes":"5"}', '{"bytes":1.5}'])
    expect(() => read([Buffer.from(`${line}\n`)])).toThrow();
});
