import { describe, expect, test } from "bun:test";
import { addressText } from "../../../../../src/base/address.ts";
import { dialAddress, listenAddress } from "../../../../../src/source/file/schema/address.ts";
import { refusal } from "./leaves.ts";

describe("where to listen", () => {
  const rows: readonly [string, object][] = [
    [":8080", { kind: "tcp", host: "", port: 8080 }],
    [":0", { kind: "tcp", host: "", port: 0 }],
    ["127.0.0.1:80", { kind: "tcp", host: "127.0.0.1", port: 80 }],
    ["0.0.0.0:80", { kind: "tcp", host: "0.0.0.0", port: 80 }],
    ["[::1]:65535", { kind: "tcp", host: "::1", port: 65535 }],
    ["[2001:DB8:0::1]:1", { kind: "tcp", host: "2001:db8::1", port: 1 }],
    ["unix:/run/a.sock", { kind: "unix", path: "/run/a.sock" }],
    ["unix:///run/a.sock", { kind: "unix", path: "/run/a.sock" }],
    ["unix:run/a.sock", { kind: "unix", path: "run/a.sock" }],
    ["unix:@name", { kind: "unix", path: "\0name" }],
  ];
  for (const [text, address] of rows) test(text, () => expect(listenAddress.parse(text)).toEqual(address as never));

  const bad: readonly unknown[] = [
    "",
    "8080",
    8080,
    ":",
    ":65536",
    ":-1",
    ":80x",
    "127.0.0.1",
    "127.0.0.256:80",
    "127.1:80",
    "::1:80",
    "[::1]",
    "[127.0.0.1]:80",
    "[]:80",
    "localhost:80",
    "*:80",
    "http://127.0.0.1:80",
    "unix:",
    "unix:@",
    "unix:/a\0b",
    `unix:/${"x".repeat(107)}`,
    null,
    ["x"],
  ];
  for (const value of bad)
    test(`${JSON.stringify(value)} is refused`, () => {
      const r = refusal(listenAddress, value);
      expect(r !== null && (r.message !== "" || r.wanted !== "")).toBe(true);
    });
});

describe("where an endpoint is", () => {
  test("a name is kept in lower case", () => {
    expect(dialAddress.parse("App.Internal:8080")).toEqual({ kind: "tcp", host: "app.internal", port: 8080 });
    expect(dialAddress.parse("my_service-1:80")).toEqual({ kind: "tcp", host: "my_service-1", port: 80 });
  });

  const bad = [
    ":80",
    "a..b:80",
    "-a:80",
    "a-:80",
    "10.0.0.300:80",
    "1.2.3:80",
    "a b:80",
    "app:0",
    "[app]:80",
    "app",
    `${"x".repeat(64)}:80`,
  ];
  for (const text of bad) test(`${JSON.stringify(text)} is refused`, () => expect(refusal(dialAddress, text)).not.toBeNull());

  test("hints are addresses that would be taken", () => {
    for (const value of [8080, "8080", "http://app/x", "http://app:81/x", "10.0.0.1"]) {
      const hint = /"([^"]+)"/.exec(refusal(dialAddress, value)!.hint)![1]!;
      expect(dialAddress.safeParse(hint).success).toBe(true);
    }
  });
});

test("an address is written as it was read", () => {
  for (const text of [":80", "127.0.0.1:80", "[::1]:80", "unix:/a", "unix:@a"])
    expect(addressText(listenAddress.parse(text))).toBe(text);
});
