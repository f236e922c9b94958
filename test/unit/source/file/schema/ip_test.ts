import { describe, expect, test } from "bun:test";
import { isCidr } from "../../../../../src/base/cidr.ts";
import { ipAddress, ipRange } from "../../../../../src/source/file/schema/ip.ts";
import { refusal } from "./leaves.ts";

describe("a range of addresses", () => {
  test("is a network, or one address", () => {
    expect(ipRange.parse("10.0.0.0/8")).toEqual(["10.0.0.0/8"]);
    expect(ipRange.parse("192.0.2.7")).toEqual(["192.0.2.7/32"]);
    expect(ipRange.parse("2001:db8::1")).toEqual(["2001:db8::1/128"]);
    expect(ipRange.parse("::/0")).toEqual(["::/0"]);
  });

  test("is read by those who match it, names of ranges too", () => {
    for (const text of ["private", "loopback", "10.0.0.0/8", "2001:db8::/32", "::ffff:10.0.0.0/104"])
      expect([text, ipRange.parse(text).every(isCidr)]).toEqual([text, true]);
  });

  test("with bits behind its prefix is refused: nobody knows which of the two was meant", () => {
    expect(refusal(ipRange, "10.0.0.1/8")?.hint).toBe('the range is "10.0.0.0/8", the one address "10.0.0.1"');
    expect(refusal(ipRange, "2001:db8::1/32")?.hint).toContain('"2001:db8::/32"');
  });

  for (const text of ["10.0.0.0/33", "::/129", "10.0.0/8", "everyone", "", "10.0.0.0/", "fe80::1%eth0"])
    test(`${JSON.stringify(text)} is refused`, () => expect(refusal(ipRange, text)).not.toBeNull());
});

test("a source address has no port and no name", () => {
  expect(ipAddress().parse("10.0.0.5")).toBe("10.0.0.5");
  expect(ipAddress().parse("2001:DB8::5")).toBe("2001:db8::5");
  for (const text of ["10.0.0.5:0", "localhost", "10.0.0.0/8", ""]) expect(refusal(ipAddress(), text)).not.toBeNull();
});
