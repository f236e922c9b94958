import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { hostKey, isAuthority, parseAuthority, portOf } from "../../../src/http/authority.ts";

describe("parseAuthority", () => {
  const good: readonly [s: string, host: string, port: number][] = [
    ["example.com", "example.com", -1],
    ["Example.COM:8080", "Example.COM", 8080],
    ["example.com.", "example.com.", -1],
    ["localhost:0", "localhost", 0],
    ["a:65535", "a", 65535],
    ["a:00080", "a", 80],
    ["a:", "a", -1],
    ["127.0.0.1:80", "127.0.0.1", 80],
    ["under_score.x", "under_score.x", -1],
    ["a!$&'()*+,;=~", "a!$&'()*+,;=~", -1],
    ["[::1]", "[::1]", -1],
    ["[::1]:8080", "[::1]", 8080],
    ["[::]", "[::]", -1],
    ["[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]", -1],
    ["[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7::]", -1],
    ["[::ffff:1.2.3.4]:1", "[::ffff:1.2.3.4]", 1],
    ["[1:2:3:4:5:6:1.2.3.4]", "[1:2:3:4:5:6:1.2.3.4]", -1],
    ["[FE80::A]", "[FE80::A]", -1],
  ];
  for (const [s, host, port] of good) {
    test(`takes ${s}`, () => {
      expect(parseAuthority(s)).toEqual({ host, port });
      expect(isAuthority(s)).toBe(true);
      expect(portOf(s)).toBe(port);
    });
  }

  const bad: readonly [s: string, why: string][] = [
    ["", "RFC 9110 4.2.1: no empty host"],
    [":80", "RFC 9110 4.2.1: no empty host"],
    ["user@host", "RFC 9110 4.2.4: no userinfo"],
    ["user:pw@host", "RFC 9110 4.2.4: no userinfo"],
    ["a:65536", "a port is below 65536"],
    ["a:123456", "a port is below 65536"],
    ["a:8a", "a port is digits"],
    ["a:-1", "a port is digits"],
    ["a:+1", "a port is digits"],
    ["a:80:80", "one port"],
    ["a b", "RFC 3986 3.2.2: no space"],
    ["a/b", "the authority ends at a slash"],
    ["a?b", "the authority ends at a question mark"],
    ["a#b", "the authority ends at a hash"],
    ["a\\b", "no backslash"],
    ["a%41", "percent-encoding hides names"],
    ["\xe9", "ASCII only"],
    ["a\tb", "no control characters"],
    ["a<b", "RFC 3986 3.2.2"],
    ["[::1", "brackets are closed"],
    ["::1", "IPv6 is in brackets"],
    ["[::1]x", "nothing behind the bracket but a port"],
    ["[::1]:x", "a port is digits"],
    ["[]", "an address in the brackets"],
    ["[1.2.3.4]", "IPv4 is without brackets"],
    ["[1:2:3:4:5:6:7]", "eight groups"],
    ["[1:2:3:4:5:6:7:8:9]", "eight groups"],
    ["[1:2:3:4:5:6:7:8::]", "a gap stands for a group at least"],
    ["[1::2::3]", "one gap"],
    ["[:::]", "one gap"],
    ["[:1:2:3:4:5:6:7:8]", "no single colon at an end"],
    ["[12345::]", "four digits a group"],
    ["[g::]", "hex digits"],
    ["[::256.1.1.1]", "bytes below 256"],
    ["[::1.2.3]", "four bytes"],
    ["[::1.2.3.4.5]", "four bytes"],
    ["[::01.2.3.4]", "no leading zero"],
    ["[1.2.3.4::]", "IPv4 comes last"],
    ["[fe80::1%25eth0]", "a zone means something on one machine only"],
    ["[v1.x]", "no other address literals"],
    ["a[b]", "brackets hold all of the host"],
  ];
  for (const [s, why] of bad) {
    test(`refuses ${JSON.stringify(s)}: ${why}`, () => {
      expect(parseAuthority(s)).toBeNull();
      expect(isAuthority(s)).toBe(false);
    });
  }
});

describe("hostKey", () => {
  test("is the host in lower case, without port and trailing dot", () => {
    const rows = [
      ["example.com", "example.com"],
      ["Example.COM:80", "example.com"],
      ["example.com.", "example.com"],
      ["example.com.:80", "example.com"],
      ["[::1]", "[::1]"],
      ["[FE80::A]:80", "[fe80::a]"],
      ["a:", "a"],
      ["", ""],
    ];
    for (const [s, key] of rows) expect(hostKey(s!)).toBe(key!);
  });

  test("is of the host that parseAuthority reads", () => {
    const host = fc.stringMatching(/^[a-zA-Z0-9.-]{1,12}$/);
    fc.assert(
      fc.property(host, fc.option(fc.nat(65535), { nil: null }), (h, port) => {
        const s = port === null ? h : `${h}:${port}`;
        expect(parseAuthority(s)).toEqual({ host: h, port: port ?? -1 });
        expect(hostKey(s)).toBe(h.toLowerCase().replace(/\.$/, ""));
      }),
      { seed: 9 },
    );
  });
});
