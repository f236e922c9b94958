import { describe, expect, test } from "bun:test";
import { xxHash32 } from "../../../src/base/xxhash32.ts";
import type { HashKeySpec } from "../../../src/config/traffic_model.ts";
import { HashKeys, type KeySource } from "../../../src/exchange/hash_keys.ts";
import { MintedCookies } from "../../../src/exchange/minted_cookies.ts";
import { Fields } from "../../../src/http/fields.ts";
import type { RequestHead } from "../../../src/http/head.ts";
import { sourceHash } from "../../../src/upstream/source_hash.ts";

function request(path = "/", fields: Fields = Fields.empty(), clientAddress = "192.0.2.1"): KeySource {
  const head: RequestHead = {
    protocol: "HTTP/1.1",
    method: "GET",
    scheme: "http",
    authority: "shop.example",
    path,
    pathFlags: 0,
    fields,
    contentLength: 0,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
  };
  return { head, clientAddress };
}

function hash(keys: readonly HashKeySpec[], x: KeySource, seed = 0): number {
  return new HashKeys(keys, seed).hash(x, new MintedCookies());
}

const MINT = { ttlMs: 60_000, path: "/", httpOnly: true, secure: false, sameSite: null } as const;

describe("keys of requests", () => {
  for (const [what, key, x, text] of [
    ["a header", { kind: "header", name: "x-user" }, request("/", Fields.of("X-User", "ann")), "ann"],
    [
      "a header of several fields",
      { kind: "header", name: "x-user" },
      request("/", Fields.of("X-User", "a", "x-user", "b")),
      "a,b",
    ],
    ["a header that Weir knows", { kind: "header", name: "user-agent" }, request("/", Fields.of("User-Agent", "curl")), "curl"],
    ["the host", { kind: "header", name: "host" }, request(), "shop.example"],
    ["a query parameter", { kind: "query", name: "id" }, request("/a?x=1&id=7%2F&id=8"), "7/"],
    ["a cookie", { kind: "cookie", name: "sid", mint: null }, request("/", Fields.of("cookie", "a=1; sid=v")), "v"],
    [
      "a cookie that is there, and not minted",
      { kind: "cookie", name: "sid", mint: MINT },
      request("/", Fields.of("cookie", "sid=v")),
      "v",
    ],
    ["the client's address", { kind: "source" }, request(), "192.0.2.1"],
    ["the path without its query", { kind: "path" }, request("/a/b?c=1"), "/a/b"],
    ["the path", { kind: "path" }, request("/a/b"), "/a/b"],
  ] as const satisfies readonly (readonly [string, HashKeySpec, KeySource, string])[])
    test(`${what}: the hash of its text`, () => {
      expect(hash([key], x)).toBe(xxHash32(text, 0));
    });

  test("a key that is absent adds nothing, and none at all is 0", () => {
    const keys: HashKeySpec[] = [
      { kind: "header", name: "x-user" },
      { kind: "query", name: "id" },
      { kind: "cookie", name: "sid", mint: null },
    ];
    expect(hash(keys, request("/?a=1"))).toBe(0);
    expect(hash(keys, request("/?id=7"))).toBe(xxHash32("7", 0));
    expect(hash(keys, request("/?id=7", Fields.of("x-user", "ann")))).toBe(xxHash32("7", xxHash32("ann", 0)));
  });

  test("several keys are told apart by their order, and the same one twice is not nothing", () => {
    const [a, b] = [{ kind: "header", name: "a" } as const, { kind: "header", name: "b" } as const];
    const x = request("/", Fields.of("a", "1", "b", "2"));
    expect(hash([a, b], x)).not.toBe(hash([b, a], x));
    expect(hash([a, a], x)).not.toBe(0);
  });

  test("a seed of its own makes a choice of its own", () => {
    expect(hash([{ kind: "source" }], request(), 1)).not.toBe(hash([{ kind: "source" }], request()));
  });

  test("sessions hash a source as requests do, whatever the other keys, and nothing else", () => {
    const on: HashKeySpec[] = [{ kind: "header", name: "a" }, { kind: "source" }];
    expect(sourceHash({ kind: "maglev", tableSize: 7, on, slowStart: null }, "192.0.2.1")).toBe(
      hash([{ kind: "source" }], request()),
    );
    expect(sourceHash({ kind: "ringHash", points: 160, on: [{ kind: "path" }], slowStart: null }, "192.0.2.1")).toBe(0);
    expect(sourceHash({ kind: "random", slowStart: null }, "192.0.2.1")).toBe(0);
  });
});

describe("cookies that are minted", () => {
  test("one that is absent or empty is: the hash is of the value that the client gets", () => {
    for (const fields of [Fields.empty(), Fields.of("cookie", "other=1"), Fields.of("cookie", "sid=")]) {
      const minted = new MintedCookies();
      const h = new HashKeys([{ kind: "cookie", name: "sid", mint: MINT }]).hash(request("/", fields), minted);
      const [line] = minted.lines as [string];
      const [, value, rest] = /^sid=([^;]+)(.*)$/.exec(line)!;
      expect(rest).toBe("; Path=/; Max-Age=60; HttpOnly");
      expect(value!.length).toBeGreaterThanOrEqual(32);
      expect(h).toBe(xxHash32(value!, 0));
    }
  });

  test("values are never alike", () => {
    const values = new Set<string>();
    for (let i = 0; i < 1000; i++) values.add(new MintedCookies().mint("sid", MINT));
    expect(values.size).toBe(1000);
  });

  test("one that two keys ask for is one", () => {
    const minted = new MintedCookies();
    const keys = [{ kind: "cookie", name: "sid", mint: MINT } as const];
    const x = request();
    const sticky = new HashKeys(keys, 5).hash(x, minted);
    const policy = new HashKeys(keys).hash(x, minted);
    expect(minted.lines.length).toBe(1);
    const value = /^sid=([^;]+)/.exec(minted.lines[0]!)![1]!;
    expect(policy).toBe(xxHash32(value, 0));
    expect(sticky).toBe(xxHash32(value, 5));
  });
});
