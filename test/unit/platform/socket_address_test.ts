import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { decodeSocketAddress, encodeSocketAddress } from "../../../src/platform/socket_address.ts";
import type { Address } from "../../../src/platform/types.ts";

const rows: readonly [at: Address, hex: string][] = [
  [{ kind: "tcp", host: "127.0.0.1", port: 8080 }, "02001f907f0000010000000000000000"],
  [{ kind: "tcp", host: "0.0.0.0", port: 0 }, "02000000000000000000000000000000"],
  [{ kind: "tcp", host: "::1", port: 443 }, "0a0001bb000000000000000000000000000000000000000100000000"],
  [{ kind: "tcp", host: "2001:db8::ff", port: 65535 }, "0a00ffff0000000020010db80000000000000000000000ff00000000"],
  [{ kind: "tcp", host: "fe80::1%3", port: 1 }, "0a00000100000000fe80000000000000000000000000000103000000"],
  [{ kind: "unix", path: "/a" }, "01002f6100"],
  [{ kind: "unix", path: "\0name" }, "0100006e616d65"],
];

describe("socket addresses of Linux", () => {
  for (const [at, hex] of rows) {
    test(`${JSON.stringify(at)}`, () => {
      expect(Buffer.from(encodeSocketAddress(at).bytes).toString("hex")).toBe(hex);
      expect(decodeSocketAddress(Buffer.from(hex, "hex"))).toEqual(at);
    });
  }

  test("a path takes 107 bytes, an abstract name 108", () => {
    expect(encodeSocketAddress({ kind: "unix", path: "x".repeat(107) }).bytes.length).toBe(110);
    expect(() => encodeSocketAddress({ kind: "unix", path: "x".repeat(108) })).toThrow(RangeError);
    expect(encodeSocketAddress({ kind: "unix", path: `\0${"x".repeat(107)}` }).bytes.length).toBe(110);
    expect(() => encodeSocketAddress({ kind: "unix", path: `\0${"x".repeat(108)}` })).toThrow(RangeError);
    expect(() => encodeSocketAddress({ kind: "unix", path: "\u00e9".repeat(54) })).toThrow(RangeError);
  });

  for (const host of ["localhost", "", "1.2.3", "::1%eth0", "[::1]"]) {
    test(`"${host}" is no literal`, () => {
      expect(() => encodeSocketAddress({ kind: "tcp", host, port: 1 })).toThrow(RangeError);
    });
  }

  test("an unnamed unix socket, another family and what is cut short", () => {
    expect(decodeSocketAddress(Uint8Array.of(1, 0))).toEqual({ kind: "unix", path: "" });
    expect(decodeSocketAddress(Uint8Array.of(16, 0, 0, 0))).toBe(null);
    for (const [at, hex] of rows) {
      const bytes = Buffer.from(hex, "hex");
      const cuts = at.kind === "tcp" ? bytes.length : 2;
      for (let n = 0; n < cuts; n++) expect(decodeSocketAddress(bytes.subarray(0, n))).toBe(null);
    }
  });
});
