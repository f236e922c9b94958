import { describe, expect, test } from "bun:test";
import type { ChainMatchSpec } from "../../../src/config/model.ts";
import { type ChainInput, ChainTable } from "../../../src/stream/chain_table.ts";

type Match = Partial<ChainMatchSpec>;

const TLS = "tls" as const;
const PLAIN = "plain" as const;

/** The name of the chain that takes a connection. */
function find(chains: Readonly<Record<string, Match>>, c: Partial<ChainInput>): string | null {
  const table = new ChainTable<string>();
  for (const [name, m] of Object.entries(chains))
    table.add({ transport: "any", serverNames: [], alpn: [], sources: [], ...m }, name);
  return table.find({ transport: TLS, serverName: null, alpn: [], source: "192.0.2.1", ...c });
}

const NAMES = {
  exact: { transport: TLS, serverNames: ["a.b.example.com"] },
  near: { transport: TLS, serverNames: ["*.b.example.com"] },
  far: { transport: TLS, serverNames: ["*.example.com"] },
  none: { transport: TLS },
} as const;
const BY_ALPN = { h2: { alpn: ["h2"] }, both: { alpn: ["http/1.1", "pg"] }, none: {} };
const BY_SOURCE = { ten: { sources: ["10.0.0.0/8"] }, one: { sources: ["10.1.0.0/16", "2001:db8::/32"] }, rest: {} };

describe("of the chains that match", () => {
  const rows: readonly (readonly [string, Readonly<Record<string, Match>>, Partial<ChainInput>, string | null])[] = [
    ["the exact name is before wildcards", NAMES, { serverName: "a.b.example.com" }, "exact"],
    ["the longest wildcard is before shorter ones", NAMES, { serverName: "x.b.example.com" }, "near"],
    ["a wildcard covers any number of labels", NAMES, { serverName: "x.y.b.example.com" }, "near"],
    ["a wildcard does not cover its own suffix", NAMES, { serverName: "b.example.com" }, "far"],
    ["another name is for the chain without names", NAMES, { serverName: "example.org" }, "none"],
    ["so is none at all", NAMES, {}, "none"],
    ["a name that begins with a dot has no label", NAMES, { serverName: ".example.com" }, "none"],
    ["cleartext is for none of TLS", NAMES, { transport: PLAIN }, null],
    ["a transport is before any", { any: {}, tls: { transport: TLS } }, {}, "tls"],
    ["any is for the other", { any: {}, tls: { transport: TLS } }, { transport: PLAIN }, "any"],
    ["the client's first protocol wins", BY_ALPN, { alpn: ["pg", "h2"] }, "both"],
    ["and not the config's", BY_ALPN, { alpn: ["h2", "http/1.1"] }, "h2"],
    ["an unknown protocol is for the chain without", BY_ALPN, { alpn: ["x"] }, "none"],
    ["so is a client without protocols", BY_ALPN, {}, "none"],
    ["the longest range wins", BY_SOURCE, { source: "10.1.2.3" }, "one"],
    ["a shorter one takes the others", BY_SOURCE, { source: "10.2.2.3" }, "ten"],
    ["IPv6 has ranges too", BY_SOURCE, { source: "2001:db8::1" }, "one"],
    ["elsewhere is for the chain without", BY_SOURCE, { source: "192.0.2.1" }, "rest"],
    ["a peer on a unix socket is in no range", BY_SOURCE, { source: "" }, "rest"],
    [
      "the name is compared before protocols and sources",
      { name: { serverNames: ["a"] }, more: { alpn: ["h2"], sources: ["192.0.2.1/32"] } },
      { serverName: "a", alpn: ["h2"] },
      "name",
    ],
    [
      "protocols are compared before sources",
      { source: { sources: ["192.0.2.1/32"] }, alpn: { alpn: ["h2"] } },
      { alpn: ["h2"] },
      "alpn",
    ],
    [
      "a more specific one that does not match is no end",
      { narrow: { serverNames: ["a"], sources: ["10.0.0.0/8"] }, wide: { serverNames: ["*.x"] }, rest: {} },
      { serverName: "a" },
      "rest",
    ],
    ["the first of equals wins", { one: { alpn: ["h2"] }, two: { alpn: ["h2"] } }, { alpn: ["h2"] }, "one"],
    ["without any there is none", { a: { sources: ["10.0.0.0/8"] } }, {}, null],
  ];
  for (const [name, chains, c, want] of rows) test(name, () => expect(find(chains, c)).toBe(want));
});
