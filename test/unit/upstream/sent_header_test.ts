import { describe, expect, test } from "bun:test";
import type { Address } from "../../../src/base/address.ts";
import { encodeLatin1, latin1 } from "../../../src/base/bytes.ts";
import type { Tlv } from "../../../src/base/tlv.ts";
import type { SentProxyHeaderSpec } from "../../../src/config/model.ts";
import type { Conn } from "../../../src/platform/types.ts";
import { sentHeader } from "../../../src/upstream/sent_header.ts";
import type { DialClient } from "../../../src/upstream/types.ts";
import { summed, tlv, v2 } from "../proxy_protocol/make_header.ts";

const remote: Address = { kind: "tcp", host: "192.0.2.1", port: 1000 };
const local: Address = { kind: "tcp", host: "198.51.100.2", port: 443 };
const told = (type: number, text: string): Tlv => ({ type, value: encodeLatin1(text) });
const text = (b: Uint8Array): string => latin1(b, 0, b.length);

interface Seen {
  readonly serverName?: string;
  readonly alpn?: string;
  readonly tlvs?: readonly Tlv[];
}

function client({ serverName = "", alpn = "", tlvs }: Seen): DialClient {
  const info = { id: 1, remote, local, ...(tlvs === undefined ? {} : { proxied: { peer: local, tlvs } }) };
  return { conn: { info, tls: alpn === "" ? null : { alpn } } as unknown as Conn, serverName };
}

const ALL: SentProxyHeaderSpec = { version: 2, tlvs: ["received", "authority", "alpn"], checksum: false };
const RECEIVED = [told(1, "http/1.1"), told(2, "far.example"), told(5, "id"), told(0xe0, "own"), told(0xe0, "again")];
const OWN = tlv(5, "id") + tlv(0xe0, "own") + tlv(0xe0, "again");

const rows: readonly (readonly [name: string, spec: Partial<SentProxyHeaderSpec>, seen: Seen, tlvs: string])[] = [
  ["a client in cleartext", {}, {}, ""],
  ["TLS that ends here", {}, { serverName: "a.example", alpn: "h2" }, tlv(1, "h2") + tlv(2, "a.example")],
  ["TLS that passes", {}, { serverName: "a.example" }, tlv(2, "a.example")],
  ["TLS without a name or a protocol", {}, { alpn: "" }, ""],
  ["what came in", {}, { tlvs: RECEIVED }, tlv(1, "http/1.1") + tlv(2, "far.example") + OWN],
  [
    "what came in beside what was seen here: one name and one protocol",
    {},
    { tlvs: RECEIVED, serverName: "a.example", alpn: "h2" },
    tlv(1, "h2") + tlv(2, "a.example") + OWN,
  ],
  ["no name asked for", { tlvs: ["alpn"] }, { tlvs: RECEIVED, serverName: "a.example", alpn: "h2" }, tlv(1, "h2")],
  ["nothing asked for", { tlvs: [] }, { tlvs: RECEIVED, serverName: "a.example", alpn: "h2" }, ""],
];

describe("the header for", () => {
  for (const [name, spec, seen, tlvs] of rows)
    test(name, () => {
      expect(text(sentHeader({ ...ALL, ...spec }, client(seen)))).toBe(v2({ tlvs }));
      expect(text(sentHeader({ ...ALL, ...spec, checksum: true }, client(seen)))).toBe(summed({ tlvs }));
    });

  test("version 1, which tells addresses alone", () => {
    const header = sentHeader({ version: 1, tlvs: [], checksum: false }, client({ serverName: "a.example", tlvs: RECEIVED }));
    expect(text(header)).toBe("PROXY TCP4 192.0.2.1 198.51.100.2 1000 443\r\n");
  });

  test("a connection of Weir's own is LOCAL", () => {
    expect(text(sentHeader(ALL, null))).toBe(v2({ command: 0x20, family: 0, addresses: "" }));
    expect(text(sentHeader({ ...ALL, version: 1 }, null))).toBe("PROXY UNKNOWN\r\n");
  });
});
