import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CidrSet, isCidr, parseAddress } from "../../../src/base/cidr.ts";

describe("CidrSet", () => {
  const rows: readonly [range: string, inside: readonly string[], outside: readonly string[]][] = [
    [
      "10.0.0.0/8",
      ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "::ffff:0a01:0203"],
      ["11.0.0.0", "9.255.255.255", "::10.1.2.3", "a00::"],
    ],
    ["192.168.1.7", ["192.168.1.7"], ["192.168.1.6", "192.168.1.8"]],
    ["192.168.1.129/25", ["192.168.1.128", "192.168.1.255"], ["192.168.1.127"]],
    ["172.16.0.0/12", ["172.16.0.0", "172.31.255.255"], ["172.32.0.0", "172.15.255.255"]],
    ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4"], ["::1", "::"]],
    ["::/0", ["::", "::1", "ffff::", "1.2.3.4"], []],
    ["fd00::/8", ["fd00::", "fdff:ffff::1"], ["fc00::", "fe00::"]],
    ["2001:db8::/33", ["2001:db8:7fff::"], ["2001:db8:8000::"]],
    ["::1", ["::1", "0:0:0:0:0:0:0:1", "::0001"], ["::2", "127.0.0.1"]],
    ["::ffff:10.0.0.0/104", ["10.9.9.9", "::ffff:10.9.9.9"], ["11.0.0.0"]],
    ["fe80::/10", ["fe80::1", "febf::"], ["fec0::", "fe80::1%eth0"]],
  ];
  for (const [range, inside, outside] of rows) {
    test(range, () => {
      const set = new CidrSet([range]);
      expect(isCidr(range)).toBe(true);
      expect(inside.filter((a) => !set.has(a))).toEqual([]);
      expect(outside.filter((a) => set.has(a))).toEqual([]);
      expect(set.size).toBe(1);
      expect(set.hasUnix).toBe(false);
    });
  }

  test("several ranges, and unix", () => {
    const set = new CidrSet(["unix", "10.0.0.0/8", "::1"]);
    expect([set.has("10.1.1.1"), set.has("::1"), set.has("1.1.1.1"), set.has("unix")]).toEqual([true, true, false, false]);
    expect(set.hasUnix).toBe(true);
    expect(set.size).toBe(2);
    expect(new CidrSet([]).has("1.1.1.1")).toBe(false);
  });

  const wrong = [
    ...["", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/ 8", "10.0.0.0/8a", "::/129", "::1/1234"],
    ...[
      "10.0.0",
      "10.0.0.0.0",
      "10.0.0.256",
      "010.0.0.1",
      "0x0a.0.0.1",
      "10.0.0.1 ",
      "1.2.3",
      "167772161",
      "a",
      "localhost",
      "*",
    ],
    ...[
      ":::",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "12345::",
      "g::",
      "[::1]",
      "::1%1",
      ":1",
      "1:",
      "1.2.3.4::1",
      "::1.2.3.4:5",
    ],
    ...["::1.2.3", "::1.2.3.256", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7:8::"],
  ];
  for (const text of wrong) {
    test(`${JSON.stringify(text)} is no range`, () => {
      expect(isCidr(text)).toBe(false);
      expect(() => new CidrSet([text])).toThrow(RangeError);
    });
  }

  test("agrees with arithmetic on IPv4", () => {
    const v4 = fc.nat(0xffffffff);
    const show = (n: number): string => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255].join(".");
    fc.assert(
      fc.property(v4, fc.nat(32), v4, fc.nat(32), (base, bits, random, same) => {
        // An address that shares some leading bits with the range's.
        const address = same === 32 ? base : ((base & ~(0xffffffff >>> same)) | (random & (0xffffffff >>> same))) >>> 0;
        const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
        const set = new CidrSet([`${show(base)}/${bits}`]);
        expect(set.has(show(address))).toBe((address & mask) >>> 0 === (base & mask) >>> 0);
      }),
    );
  });

  test("parseAddress gives 16 bytes", () => {
    expect([...parseAddress("1.2.3.4")!]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4]);
    expect([...parseAddress("2001:db8::1:0:a")!]).toEqual([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 10]);
    expect([...parseAddress("::1.2.3.4")!].slice(12)).toEqual([1, 2, 3, 4]);
    expect(parseAddress("fe80::1%eth0")).toBeNull();
  });
});
