import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { sha1 } from "../../../src/base/sha1.ts";

describe("SHA-1", () => {
  const rows: readonly (readonly [text: string, digest: string])[] = [
    ["abc", "a9993e364706816aba3e25717850c26c9cd0d89d"],
    ["abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"],
    ["", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
  ];
  for (const [text, digest] of rows) {
    test(`of "${text}" (RFC 3174 7.3)`, () => {
      expect(Buffer.from(sha1(Buffer.from(text))).toString("hex")).toBe(digest);
    });
  }

  test("of every length around a block is the system's", () => {
    for (let n = 0; n < 200; n++) {
      const b = new Uint8Array(n).fill(n);
      expect(Buffer.from(sha1(b)).toString("hex")).toBe(createHash("sha1").update(b).digest("hex"));
    }
  });
});
