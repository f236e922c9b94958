import { describe, expect, test } from "bun:test";
import type { RedirectSpec } from "../../../src/config/model.ts";
import { compileRedirect } from "../../../src/router/redirect.ts";
import { headOf } from "../../seam/router_cases.ts";

const SAME: RedirectSpec = { kind: "redirect", status: 302, scheme: null, host: null, port: null, path: null, stripQuery: false };

function location(spec: Partial<RedirectSpec>, host: string, path: string, scheme = "http", matched = ""): string {
  return compileRedirect({ ...SAME, ...spec })(headOf({ host, path, scheme }), matched);
}

describe("compileRedirect", () => {
  const rows: readonly [why: string, spec: Partial<RedirectSpec>, host: string, path: string, want: string][] = [
    ["all stays", {}, "a.com:8080", "/x?y", "http://a.com:8080/x?y"],
    ["the port of a new scheme is its own", { scheme: "https" }, "a.com:8080", "/x", "https://a.com/x"],
    ["unless one is given", { scheme: "https", port: 8443 }, "a.com:8080", "/x", "https://a.com:8443/x"],
    ["a port that the scheme implies is not written", { scheme: "https", port: 443 }, "a.com", "/x", "https://a.com/x"],
    ["nor one of the request", {}, "a.com:80", "/x", "http://a.com/x"],
    ["port 443 of http is written", { port: 443 }, "a.com", "/x", "http://a.com:443/x"],
    ["a new host keeps the port", { host: "b.com" }, "a.com:8080", "/x", "http://b.com:8080/x"],
    ["unless it brings one", { host: "b.com:81" }, "a.com:8080", "/x", "http://b.com:81/x"],
    ["the port given goes before the host's", { host: "b.com:81", port: 82 }, "a.com", "/x", "http://b.com:82/x"],
    ["host and scheme", { scheme: "https", host: "b.com" }, "a.com:8080", "/x", "https://b.com/x"],
    ["IPv6", { port: 81 }, "[::1]:8080", "/x", "http://[::1]:81/x"],
    ["a full path keeps the query", { path: { kind: "full", value: "/n" } }, "a.com", "/x?y", "http://a.com/n?y"],
    ["unless it is stripped", { path: { kind: "full", value: "/n" }, stripQuery: true }, "a.com", "/x?y", "http://a.com/n"],
    [
      "a query of its own is never stripped",
      { path: { kind: "full", value: "/n?z" }, stripQuery: true },
      "a.com",
      "/x?y",
      "http://a.com/n?z",
    ],
    ["stripped alone", { stripQuery: true }, "a.com", "/x?y", "http://a.com/x"],
    ["without an authority the reference is relative", {}, "", "/x?y", "/x?y"],
    ["and never names a host", {}, "", "//evil.example/x", "/.//evil.example/x"],
    ["a host given makes it whole again", { host: "b.com" }, "", "//x", "http://b.com//x"],
    ["asterisk-form is no path", { scheme: "https" }, "a.com", "*", "https://a.com/"],
  ];
  for (const [why, spec, host, path, want] of rows) {
    test(why, () => {
      expect(location(spec, host, path)).toBe(want);
    });
  }

  test("a prefix is replaced as in a rewrite", () => {
    expect(location({ path: { kind: "prefix", value: "/new" } }, "a.com", "/old/x?y", "https", "/old")).toBe(
      "https://a.com/new/x?y",
    );
  });
});
