import { describe, expect, test } from "bun:test";
import { MAX_ENDPOINTS, readEndpoints } from "../../../../src/plugin/endpoints/read_endpoints.ts";
import { readDialAddress } from "../../../../src/source/file/schema/address.ts";

function read(value: unknown): ReturnType<typeof readEndpoints> {
  return readEndpoints(value, readDialAddress);
}

const PLAIN = { weight: 1, metadata: new Map(), zone: "", priority: 0 };

describe("a list of a plugin", () => {
  test("is read as the config's is", () => {
    expect(read([])).toEqual([]);
    expect(
      read([
        { address: "10.0.0.1:80" },
        {
          address: "[::1]:80",
          weight: 65535,
          zone: "a",
          priority: 127,
          metadata: { v: "2" },
          unknown: { of: "a later version" },
        },
        { address: "App.test:8080" },
        { address: "unix:/run/app.sock" },
        { address: "unix:@app" },
      ]),
    ).toEqual([
      { ...PLAIN, address: { kind: "tcp", host: "10.0.0.1", port: 80 } },
      {
        address: { kind: "tcp", host: "::1", port: 80 },
        weight: 65535,
        zone: "a",
        priority: 127,
        metadata: new Map([["v", "2"]]),
      },
      { ...PLAIN, address: { kind: "tcp", host: "app.test", port: 8080 } },
      { ...PLAIN, address: { kind: "unix", path: "/run/app.sock" } },
      { ...PLAIN, address: { kind: "unix", path: "\0app" } },
    ]);
  });

  test("is refused whole where one is wrong, with its place and what was found", () => {
    const good = { address: "10.0.0.1:80" };
    for (const [value, wrong] of [
      [undefined, "endpoints: send a list: found none"],
      [{}, "endpoints: send a list: found {}"],
      [[good, "10.0.0.1:80"], 'endpoints.1: send an object with an address: found "10.0.0.1:80"'],
      [[good, {}], "endpoints.1.address: send an address with its port: found none"],
      [[{ address: "10.0.0.1" }], "endpoints.0.address: send an address such as"],
      [[{ address: "10.0.0.1:0" }], "endpoints.0.address: change the port: found 0"],
      [[{ address: "http://a:80" }], "endpoints.0.address: leave out the scheme"],
      [[{ address: "unix:run/app.sock" }], "endpoints.0.address: begin the path with a slash"],
      [[{ ...good, weight: 0 }], "endpoints.0.weight: send a whole number from 1 to 65535: found 0"],
      [[{ ...good, weight: 65536 }], "endpoints.0.weight"],
      [[{ ...good, weight: "1" }], "endpoints.0.weight"],
      [[{ ...good, priority: 128 }], "endpoints.0.priority: send a whole number from 0 to 127: found 128"],
      [[{ ...good, priority: 0.5 }], "endpoints.0.priority"],
      [[{ ...good, zone: 1 }], "endpoints.0.zone: send a string: found 1"],
      [[{ ...good, metadata: [] }], "endpoints.0.metadata: send an object of strings: found []"],
      [[{ ...good, metadata: { v: 2 } }], "endpoints.0.metadata.v: send a string: found 2"],
    ] as const)
      expect([value, read(value)]).toEqual([value, expect.stringContaining(wrong)]);
  });

  test("is not longer than the limit", () => {
    const list = Array.from({ length: MAX_ENDPOINTS + 1 }, (_, i) => ({ address: `10.0.0.1:${i + 1}` }));
    expect(read(list)).toBe(`endpoints: send ${MAX_ENDPOINTS} at most: found ${MAX_ENDPOINTS + 1}`);
    expect(read(list.slice(1))).toHaveLength(MAX_ENDPOINTS);
  });
});
