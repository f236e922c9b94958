import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../../src/base/bytes.ts";
import type { ForwardedSpec } from "../../../src/config/model.ts";
import { ForwardedPolicy } from "../../../src/exchange/forwarded.ts";
import type { Fields } from "../../../src/http/fields.ts";
import { FieldReader } from "../../../src/http/h1/field_reader.ts";
import type { RequestHead } from "../../../src/http/head.ts";
import type { Address, ConnInfo } from "../../../src/platform/types.ts";
import { requestHead } from "../http/h1/drive_client.ts";

const KEEP: ForwardedSpec = {
  trusted: [],
  xForwarded: "keep",
  forwarded: "keep",
  requestId: "keep",
  via: false,
  clientCertificate: { policy: "sanitize", details: [] },
};
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function received(...lines: string[]): Fields {
  const raw = encodeLatin1(`${lines.map((l) => `${l}\r\n`).join("")}\r\n`);
  const reader = new FieldReader(100, "keep");
  reader.start(0);
  reader.read(raw, raw.length);
  return reader.take(raw);
}

function tcp(host: string, port = 1000): Address {
  return { kind: "tcp", host, port };
}

function infoOf(remote: Address, local: Address = tcp("192.0.2.1", 80)): ConnInfo {
  return { id: 1, local, remote };
}

interface Case {
  readonly spec: Partial<ForwardedSpec>;
  readonly from?: Address;
  readonly lines?: readonly string[];
  readonly authority?: string;
}

function apply({ spec, from = tcp("203.0.113.9"), lines = [], authority = "shop.example" }: Case): {
  head: RequestHead;
  out: string[];
  id: string;
} {
  const policy = new ForwardedPolicy({ ...KEEP, ...spec }, "edge");
  const info = infoOf(from);
  const head = { ...requestHead("GET", "/", received(...lines)), authority };
  const id = policy.apply(policy.peer(info, null), head, info);
  const out: string[] = [];
  head.fields.forEach((name, value) => {
    out.push(`${name}: ${value}`);
  });
  return { head, out, id };
}

describe("X-Forwarded-For, -Proto, -Host", () => {
  const claims = ["X-Forwarded-For: 1.1.1.1", "x-forwarded-for: 2.2.2.2", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil"];
  const own = ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: http", "X-Forwarded-Host: shop.example"];

  test("of an unknown peer are replaced", () => {
    expect(apply({ spec: { xForwarded: "set" }, lines: claims }).out).toEqual(own);
    expect(apply({ spec: { xForwarded: "set" } }).out).toEqual(own);
  });

  test("of a trusted peer are appended to and completed", () => {
    const spec = { xForwarded: "set", trusted: ["203.0.113.0/24"] } as const;
    expect(apply({ spec, lines: claims }).out).toEqual([
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: evil",
      "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 203.0.113.9",
    ]);
    expect(apply({ spec, lines: ["X-Forwarded-Proto: https"] }).out).toEqual([
      "X-Forwarded-Proto: https",
      "X-Forwarded-For: 203.0.113.9",
      "X-Forwarded-Host: shop.example",
    ]);
  });

  test("are removed, or kept as they are", () => {
    expect(apply({ spec: { xForwarded: "remove" }, lines: claims }).out).toEqual([]);
    expect(apply({ spec: { xForwarded: "keep" }, lines: claims }).out).toEqual(claims);
  });

  test("tell no host where the client named none", () => {
    expect(apply({ spec: { xForwarded: "set" }, authority: "" }).out).toEqual(own.slice(0, 2));
  });

  test("of a unix socket", () => {
    const from: Address = { kind: "unix", path: "" };
    expect(apply({ spec: { xForwarded: "set" }, from }).out[0]).toBe("X-Forwarded-For: unix");
    const trusting = { xForwarded: "set", trusted: ["unix"] } as const;
    expect(apply({ spec: trusting, from, lines: ["X-Forwarded-For: 1.1.1.1"] }).out[0]).toBe("X-Forwarded-For: 1.1.1.1, unix");
  });
});

describe("Forwarded (RFC 7239)", () => {
  test("of an unknown peer is replaced, of a trusted one appended to", () => {
    const lines = ["Forwarded: for=1.1.1.1"];
    const own = 'for=203.0.113.9;by=192.0.2.1;host="shop.example";proto=http';
    expect(apply({ spec: { forwarded: "set" }, lines }).out).toEqual([`Forwarded: ${own}`]);
    expect(apply({ spec: { forwarded: "set", trusted: ["203.0.113.9"] }, lines }).out).toEqual([
      `Forwarded: for=1.1.1.1, ${own}`,
    ]);
    expect(apply({ spec: { forwarded: "remove" }, lines }).out).toEqual([]);
    expect(apply({ spec: { forwarded: "keep" }, lines }).out).toEqual(lines);
  });

  test("quotes IPv6 addresses (7239 6)", () => {
    expect(apply({ spec: { forwarded: "set" }, from: tcp("2001:db8::1") }).out[0]).toStartWith('Forwarded: for="[2001:db8::1]";');
  });
});

describe("X-Request-Id", () => {
  const sent = ["X-Request-Id: abc"];
  const trusted = { trusted: ["203.0.113.9"] };

  test("is kept, removed, or made", () => {
    expect(apply({ spec: { requestId: "keep" }, lines: sent })).toMatchObject({ out: sent, id: "abc" });
    expect(apply({ spec: { requestId: "keep" } })).toMatchObject({ out: [], id: "" });
    expect(apply({ spec: { requestId: "remove" }, lines: sent })).toMatchObject({ out: [], id: "" });
    const made = apply({ spec: { requestId: "set" } });
    expect(made.id).toMatch(UUID);
    expect(made.out).toEqual([`X-Request-Id: ${made.id}`]);
  });

  test("of a trusted peer stands, of another one does not", () => {
    expect(apply({ spec: { requestId: "set", ...trusted }, lines: sent }).id).toBe("abc");
    const replaced = apply({ spec: { requestId: "set" }, lines: [...sent, "x-request-id: def"] });
    expect(replaced.id).toMatch(UUID);
    expect(replaced.out).toEqual([`X-Request-Id: ${replaced.id}`]);
    expect(apply({ spec: { requestId: "always", ...trusted }, lines: sent }).id).toMatch(UUID);
  });

  test("that is empty is none", () => {
    const made = apply({ spec: { requestId: "set", ...trusted }, lines: ["X-Request-Id:"] });
    expect(made.id).toMatch(UUID);
    expect(made.out).toEqual([`X-Request-Id: ${made.id}`]);
  });

  test("is another for each request", () => {
    expect(apply({ spec: { requestId: "set" } }).id).not.toBe(apply({ spec: { requestId: "set" } }).id);
  });
});

describe("Via (RFC 9110 7.6.3)", () => {
  test("names the version received and the pseudonym, behind those before", () => {
    expect(apply({ spec: { via: true } }).out).toEqual(["Via: 1.1 edge"]);
    expect(apply({ spec: { via: true }, lines: ["Via: 1.0 a", "via: 1.1 b"] }).out).toEqual(["Via: 1.0 a, 1.1 b, 1.1 edge"]);
  });

  test("on a reply too", () => {
    const f = received("Server: s");
    new ForwardedPolicy({ ...KEEP, via: true }, "edge").applyResponse(f);
    expect(f.get("via")).toBe("1.1 edge");
    const off = received("Server: s");
    new ForwardedPolicy(KEEP, "edge").applyResponse(off);
    expect(off.has("via")).toBe(false);
  });
});

describe("the client's address", () => {
  const policy = new ForwardedPolicy({ ...KEEP, trusted: ["10.0.0.0/8", "::1"] }, "edge");
  const rows: readonly [name: string, remote: string, list: readonly string[], client: string][] = [
    ["a peer that is not trusted", "9.9.9.9", ["X-Forwarded-For: 1.1.1.1"], "9.9.9.9"],
    ["no list", "10.0.0.1", [], "10.0.0.1"],
    ["the last hop that is not trusted", "10.0.0.1", ["X-Forwarded-For: 6.6.6.6, 1.1.1.1, 10.0.0.2"], "1.1.1.1"],
    ["in two fields", "10.0.0.1", ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 1.1.1.1,::1"], "1.1.1.1"],
    ["only trusted hops", "10.0.0.1", ["X-Forwarded-For: 10.0.0.3, 10.0.0.2"], "10.0.0.3"],
    ["a hop that is no address stops the search", "10.0.0.1", ["X-Forwarded-For: 1.1.1.1, unknown, 10.0.0.2"], "10.0.0.2"],
    ["an empty list", "10.0.0.1", ["X-Forwarded-For:"], "10.0.0.1"],
  ];
  for (const [name, remote, lines, client] of rows) {
    test(name, () => {
      const peer = policy.peer(infoOf(tcp(remote)), null);
      expect(policy.clientAddress(peer, requestHead("GET", "/", received(...lines)))).toBe(client);
    });
  }
});
