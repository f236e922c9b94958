import { describe, expect, test } from "bun:test";
import { srvName } from "../../../../../src/source/file/schema/srv_name.ts";
import { refusal } from "./leaves.ts";

describe("a name of SRV records", () => {
  const rows: readonly [string, string][] = [
    ["_http._tcp.example.com", "_http._tcp.example.com"],
    ["_HTTP._tcp.Example.com.", "_http._tcp.example.com"],
    ["_dns._udp.local", "_dns._udp.local"],
    ["_my-app._tcp.service.consul", "_my-app._tcp.service.consul"],
  ];
  for (const [text, name] of rows) test(text, () => expect(srvName().parse(text)).toBe(name));

  const bad: readonly [unknown, string][] = [
    ["example.com", 'did you mean "_http._tcp.example.com"?'],
    ["_http.example.com", 'did you mean "_http._tcp.example.com"?'],
    ["_http._tcp.example.com:80", "SRV records tell the ports"],
    ["_http._tcp", ""],
    ["_http._tcp.exam ple", ""],
    ["_http._tcp..com", ""],
    [`_http._tcp.${"x".repeat(64)}`, ""],
    ["", ""],
    [80, 'put quotes around it: "80"'],
  ];
  for (const [value, hint] of bad)
    test(`${JSON.stringify(value)} is refused`, () => expect(refusal(srvName(), value)?.hint).toBe(hint));
});
