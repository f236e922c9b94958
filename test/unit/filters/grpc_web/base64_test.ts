import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Base64Reader } from "../../../../src/filters/grpc_web/base64_reader.ts";
import { encodeBase64 } from "../../../../src/filters/grpc_web/encode_base64.ts";

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

/** What a reader makes of pieces; null: it refused. `short`: something is missing at the end. */
function read(pieces: readonly Uint8Array[]): string | null {
  const reader = new Base64Reader();
  let out = "";
  for (const piece of pieces) {
    const b = reader.read(piece);
    if (b === null) return null;
    out += Buffer.from(b).toString("latin1");
  }
  return reader.whole ? out : `${out}…`;
}

const ROWS: readonly (readonly [what: string, text: string, wanted: string | null])[] = [
  ["nothing", "", ""],
  ["RFC 4648 10", "Zm9vYmFy", "foobar"],
  ["one pad", "Zm9vYmE=", "fooba"],
  ["two pads", "Zm9vYg==", "foob"],
  ["padded in the middle (PROTOCOL-WEB.md)", "Zg==b28=", "foo"],
  ["padded in every piece", "Zg==bw==bw==", "foo"],
  ["a padded piece before a whole one", "Zm8=b2Jh", "fooba"],
  [
    "all characters",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", "base64").toString("latin1"),
  ],
  ["one character is short", "Z", "…"],
  ["two are", "Zm9vYg", "foo…"],
  ["three are", "Zm9vYmE", "foo…"],
  ["a pad is", "Zm9vYg=", "foo…"],
  ["a pad first", "=", null],
  ["a pad second", "Z===", null],
  ["more pads", "Zg===", null],
  ["data in a padded four", "Zg=b", null],
  ["bits that mean nothing behind two (RFC 4648 3.5)", "Zh==", null],
  ["and behind three", "Zm9=", null],
  ["base64url's characters (RFC 4648 5)", "-_-_", null],
  ["a space", "Zm9v YmFy", null],
  ["a line break", "Zm9v\r\n", null],
  ["a byte above ASCII", "Zm9\u00e9", null],
  ["a NUL", "Zm9\0", null],
];

describe("base64 in pieces", () => {
  test.each(ROWS)("%s: %p", (_what, text, wanted) => {
    const b = bytes(text);
    expect(read([b])).toBe(wanted);
    for (let cut = 0; cut <= b.length; cut++) expect(read([b.subarray(0, cut), b.subarray(cut)])).toBe(wanted);
    expect(read([...b].map((c) => Uint8Array.of(c)))).toBe(wanted);
  });

  test("what is written is what others write, and is read back whatever the pieces", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 8 }), fc.integer({ min: 1, max: 9 }), (parts, step) => {
        const text = parts.map((p) => Buffer.from(encodeBase64(p)).toString("latin1"));
        expect(text).toEqual(parts.map((p) => Buffer.from(p).toString("base64")));
        const whole = bytes(text.join(""));
        const pieces: Uint8Array[] = [];
        for (let i = 0; i < whole.length; i += step) pieces.push(whole.subarray(i, i + step));
        expect(read(pieces)).toBe(Buffer.concat(parts).toString("latin1"));
      }),
    );
  });
});
