import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { askAddresses, askServices, type DnsError } from "../../../src/platform/dns_client.ts";
import { createNodePlatform } from "../../../src/platform/node.ts";
import type { TcpAddress } from "../../../src/platform/types.ts";
import { DnsServer } from "../../support/dns_server.ts";

const platform = createNodePlatform("Bun" in globalThis ? "bun" : "deno");
let dns: DnsServer;
let servers: readonly TcpAddress[];

beforeEach(async () => {
  dns = await DnsServer.start();
  servers = [{ kind: "tcp", host: "127.0.0.1", port: dns.port }];
});

afterEach(() => dns.stop());

async function codeOf(asking: Promise<unknown>): Promise<string> {
  return await asking.then(
    () => "",
    (e: DnsError) => e.code,
  );
}

describe("answers", () => {
  test("addresses with their TTL, of either family", async () => {
    dns.records.set("app.test", { ttl: 7, A: ["10.0.0.1", "10.0.0.2"], AAAA: ["2001:db8::1"] });
    expect(await askAddresses(platform, servers, "App.test.", 4)).toEqual([
      { address: "10.0.0.1", ttl: 7 },
      { address: "10.0.0.2", ttl: 7 },
    ]);
    expect(await askAddresses(platform, servers, "app.test", 6)).toEqual([{ address: "2001:db8::1", ttl: 7 }]);
  });

  test("an alias is followed, and lives no longer than its shortest record", async () => {
    dns.records.set("www.test", { ttl: 3, CNAME: "app.test" });
    dns.records.set("app.test", { ttl: 60, A: ["10.0.0.1"] });
    expect(await askAddresses(platform, servers, "www.test", 4)).toEqual([{ address: "10.0.0.1", ttl: 3 }]);
  });

  test("SRV records (RFC 2782), without the one that says that there is none", async () => {
    dns.records.set("_http._tcp.app.test", {
      ttl: 9,
      SRV: [
        { priority: 1, weight: 2, port: 80, target: "a.app.test" },
        { priority: 0, weight: 0, port: 0, target: "." },
      ],
    });
    expect(await askServices(platform, servers, "_http._tcp.app.test")).toEqual([
      { target: "a.app.test", port: 80, priority: 1, weight: 2, ttl: 9 },
    ]);
  });

  test("more than a datagram holds comes over TCP", async () => {
    const addresses = Array.from({ length: 200 }, (_, i) => `10.0.0.${i}`);
    dns.records.set("many.test", { ttl: 1, A: addresses });
    const found = await askAddresses(platform, servers, "many.test", 4);
    expect(found.map((a) => a.address)).toEqual(addresses);
    expect(dns.asked).toEqual(["A many.test", "tcp A many.test"]);
  });

  test("no such name, and no such records, are told apart from failures", async () => {
    dns.records.set("app.test", { ttl: 1, A: ["10.0.0.1"] });
    expect(await codeOf(askAddresses(platform, servers, "none.test", 4))).toBe("ENOTFOUND");
    expect(await codeOf(askAddresses(platform, servers, "app.test", 6))).toBe("ENODATA");
    expect(await codeOf(askServices(platform, servers, "app.test"))).toBe("ENODATA");
  });
});

describe("failures", () => {
  test("a server that fails is passed over", async () => {
    const other = await DnsServer.start();
    dns.mode = "servfail";
    other.records.set("app.test", { ttl: 1, A: ["10.0.0.1"] });
    const both = [...servers, { kind: "tcp" as const, host: "127.0.0.1", port: other.port }];
    expect((await askAddresses(platform, both, "app.test", 4)).length).toBe(1);
    await other.stop();
  });

  test("each is asked twice, then its word is told", async () => {
    dns.mode = "servfail";
    expect(await codeOf(askAddresses(platform, servers, "app.test", 4))).toBe("SERVFAIL");
    expect(dns.asked.length).toBe(2);
  });

  test("nobody there is known at once", async () => {
    await dns.die();
    expect(await codeOf(askAddresses(platform, servers, "app.test", 4))).toMatch(/ECONNREFUSED|ETIMEOUT/);
  });

  test.each(["silent", "garbage"] as const)("a server that is %s has its time", async (mode) => {
    dns.mode = mode;
    expect(await codeOf(askAddresses(platform, servers, "app.test", 4))).toBe("ETIMEOUT");
  });

  test("what is no name is not asked for", async () => {
    for (const name of ["", ".", "a..b", `${"x".repeat(64)}.test`, `${"x.".repeat(130)}test`, "a b"])
      expect(await codeOf(askAddresses(platform, servers, name, 4))).toBe("ENOTFOUND");
    expect(dns.asked).toEqual([]);
  });

  test("no server at all", async () => {
    expect(await codeOf(askAddresses(platform, [], "app.test", 4))).toBe("ENOSERVERS");
  });
});

describe("the platform", () => {
  test("asks the servers that it is told to, and them alone", async () => {
    dns.records.set("localhost", { ttl: 1, A: ["10.9.9.9"] });
    dns.records.set("_x._tcp.test", { ttl: 1, SRV: [{ port: 1, target: "a.test" }] });
    expect(await platform.resolve("localhost", 4, servers)).toEqual([{ address: "10.9.9.9", ttl: 1 }]);
    expect((await platform.resolveSrv("_x._tcp.test", servers)).length).toBe(1);
  });
});
