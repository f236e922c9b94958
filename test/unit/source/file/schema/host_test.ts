import { describe, expect, test } from "bun:test";
import { hostName, hostPattern } from "../../../../../src/source/file/schema/host.ts";
import { refusal } from "./leaves.ts";

describe("a host of a route", () => {
  const rows: readonly [string, string][] = [
    ["shop.example.com", "shop.example.com"],
    ["Shop.EXAMPLE.com", "shop.example.com"],
    ["*.Example.com", "*.example.com"],
    ["*", "*"],
    ["*:8080", "*:8080"],
    ["localhost:08080", "localhost:8080"],
    ["[::1]", "[::1]"],
    ["[::1]:80", "[::1]:80"],
    ["10.0.0.1", "10.0.0.1"],
    ["a_b.example", "a_b.example"],
    ["xn--mnchen-3ya.example", "xn--mnchen-3ya.example"],
  ];
  for (const [text, host] of rows) test(text, () => expect(hostPattern.parse(text)).toBe(host));

  const bad: readonly [string, string][] = [
    ["http://shop.example/x", 'did you mean "shop.example"?'],
    ["shop.example/x", 'did you mean "shop.example"?'],
    ["shop.example.", 'did you mean "shop.example"?'],
    ["*.münchen.example", 'did you mean "*.xn--mnchen-3ya.example"?'],
    ["a.*.example", ""],
    ["*a.example", ""],
    ["a..example", ""],
    ["-a.example", ""],
    ["", ""],
    [":80", ""],
    ["a:0", ""],
    ["a:65536", ""],
    ["[::x]", ""],
    ["a b", ""],
  ];
  for (const [text, hint] of bad)
    test(`${JSON.stringify(text)} is refused`, () => expect(refusal(hostPattern, text)?.hint).toBe(hint));
});

describe("a host to send on", () => {
  test("has no wildcard", () => {
    expect(refusal(hostName(true), "*.example.com")).not.toBeNull();
    expect(refusal(hostName(true), "*")).not.toBeNull();
    expect(hostName(true).parse("a.example:81")).toBe("a.example:81");
  });

  test("has no port where the port is told apart", () => {
    expect(refusal(hostName(false), "a.example:81")?.message).toContain('"port"');
    expect(hostName(false).parse("[::1]")).toBe("[::1]");
  });
});
