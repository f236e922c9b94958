import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../../src/base/cidr.ts";
import { ipText } from "../../../src/base/ip_text.ts";

describe("ipText", () => {
  const rows: readonly [section: string, from: string, text: string][] = [
    ["4.1 no leading zeros", "2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["4.2.1 as short as can be", "2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
    ["4.2.2 one group alone is not shortened", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["4.2.3 the longest run", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["4.2.3 the first of two", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["4.3 lower case", "2001:DB8::ABCD", "2001:db8::abcd"],
    ["5 mapped", "::ffff:a00:1", "::ffff:10.0.0.1"],
    ["all zeros", "::", "::"],
    ["loopback", "::1", "::1"],
    ["zeros at the end", "fe80::", "fe80::"],
  ];
  for (const [section, from, text] of rows) {
    test(`RFC 5952 ${section}: ${from}`, () => {
      expect(ipText(parseAddress(from)!)).toBe(text);
    });
  }

  test("IPv4", () => {
    expect(ipText(Uint8Array.of(192, 168, 0, 255))).toBe("192.168.0.255");
  });
});
