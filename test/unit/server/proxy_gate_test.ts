import { describe, expect, test } from "bun:test";
import type { Address } from "../../../src/base/address.ts";
import type { ListenerSite } from "../../../src/server/listener_site.ts";
import { ProxyGate, toldInfo } from "../../../src/server/proxy_gate.ts";

const tcp = (host: string, port = 1): Address => ({ kind: "tcp", host, port });
const unix: Address = { kind: "unix", path: "" };

function gate(from: readonly string[], required: boolean): ProxyGate {
  const host = { serves: null as unknown as ListenerSite, named: () => {}, refused: () => {} };
  return new ProxyGate(host, { log: () => {} }, { from, required, versions: "any", timeoutMs: 1 });
}

describe("whose headers are believed", () => {
  const rows: readonly (readonly [name: string, from: readonly string[], remote: Address, want: boolean])[] = [
    ["in the range", ["10.0.0.0/8"], tcp("10.1.1.1"), true],
    ["elsewhere", ["10.0.0.0/8"], tcp("11.1.1.1"), false],
    ["IPv6", ["2001:db8::/32"], tcp("2001:db8::1"), true],
    ["IPv4 in IPv6", ["10.0.0.0/8"], tcp("::ffff:10.1.1.1"), true],
    ["an address that is none", ["0.0.0.0/0", "::/0"], tcp(""), false],
    ["on a unix socket", ["unix"], unix, true],
    ["on a unix socket, where all addresses are believed", ["0.0.0.0/0", "::/0"], unix, false],
    ["over TCP, where unix sockets are believed", ["unix"], tcp("10.1.1.1"), false],
  ];
  for (const [name, from, remote, want] of rows)
    test(name, () => {
      expect(gate(from, true).believes(remote)).toBe(want);
      // Who is not believed has no header that counts.
      expect(gate(from, true).admits(remote)).toBe(want);
      expect(gate(from, false).admits(remote)).toBe(true);
    });
});

describe("what a header says of a connection", () => {
  const info = { id: 7, local: tcp("192.0.2.2", 80), remote: tcp("10.0.0.1", 4000) };

  test("takes the place of its ends", () => {
    const ends = { source: tcp("198.51.100.1", 5), destination: tcp("203.0.113.1", 443) };
    const tlvs = [{ type: 2, value: new Uint8Array([1]) }];
    expect(toldInfo(info, { version: 2, ends, tlvs })).toEqual({
      id: 7,
      remote: ends.source,
      local: ends.destination,
      proxied: { peer: info.remote, tlvs },
    });
  });

  test("LOCAL and UNKNOWN leave them", () => {
    expect(toldInfo(info, { version: 1, ends: null, tlvs: [] })).toBe(info);
  });
});
