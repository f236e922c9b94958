import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../../../src/base/cidr.ts";
import { ipText } from "../../../../src/tls/x509/general_names.ts";

const rows: readonly (readonly [rule: string, text: string])[] = [
  ["RFC 791", "127.0.0.1"],
  ["RFC 791", "0.0.0.0"],
  ["RFC 5952 4.2.1", "::1"],
  ["RFC 5952 4.2.1", "::"],
  ["RFC 5952 4.2.1", "2001:db8::1"],
  ["RFC 5952 4.2.1", "fe80::"],
  ["RFC 5952 4.2.2", "2001:db8:0:1:1:1:1:1"],
  ["RFC 5952 4.2.3", "2001:0:0:1::1"],
  ["RFC 5952 4.2.3", "2001:db8::1:0:0:1"],
  ["RFC 5952 4.1", "2001:db8:a0b:12f0:1:2:3:4"],
];

describe("an address in a certificate", () => {
  for (const [rule, text] of rows)
    test(`is written ${text} (${rule})`, () => {
      const b = parseAddress(text)!;
      expect(ipText(text.includes(":") ? b : b.subarray(12))).toBe(text);
    });
});
