import { describe, expect, test } from "bun:test";
import type { EndpointSpec } from "../../../../src/config/model.ts";
import type { SrvRecord } from "../../../../src/platform/types.ts";
import { ANSWER_LIMIT_MS, MAX_ADDRESSES } from "../../../../src/upstream/discovery/limits.ts";
import { srvEndpoints } from "../../../../src/upstream/discovery/srv_endpoints.ts";
import { SrvSource } from "../../../../src/upstream/discovery/srv_source.ts";
import { dnsError, FakePlatform, RecordingLog, settle } from "../fake_platform.ts";

function record(target: string, more: Partial<SrvRecord> = {}): SrvRecord {
  return { target, port: 80, priority: 0, weight: 1, ttl: 100, ...more };
}

function open() {
  const platform = new FakePlatform();
  const log = new RecordingLog();
  const told: string[] = [];
  let failures = 0;
  const failed = (): void => {
    failures++;
  };
  const env = { platform, log, failed, cluster: "web", random: () => 0 };
  const server = { kind: "tcp", host: "127.0.0.1", port: 5353 } as const;
  const source = new SrvSource(env, "_http._tcp.app.test", {
    families: "v4",
    minTtlMs: 5000,
    maxTtlMs: 300_000,
    servers: [server],
  });
  const start = (): void =>
    source.start({ set: (all) => told.push(all.map(textOf).join(" ")), lacking: () => told.push("lacking") });
  return { platform, log, told, source, start, server, failures: () => failures };
}

function textOf({ address, weight, priority }: EndpointSpec): string {
  return `${address.kind === "tcp" ? `${address.host}:${address.port}` : address.path}/${priority}/${weight}`;
}

describe("when it asks", () => {
  test("at 80 % of the least TTL at the earliest, and of the cluster's servers", async () => {
    const { platform, start, server } = open();
    platform.srv = () => [record("a.test", { ttl: 100 }), record("b.test", { ttl: 50 })];
    start();
    await platform.advance(39_999);
    expect(platform.asked.length).toBe(1);
    await platform.advance(1);
    expect(platform.asked.length).toBe(2);
    expect(platform.servers).toEqual([[server], [server]]);
  });

  test("after a failure ever later, and the last set stays untold", async () => {
    const { platform, start, told, log, failures } = open();
    platform.srv = () => dnsError("ESERVFAIL");
    start();
    await platform.advance(7_000);
    expect(failures()).toBe(4);
    expect(platform.asked.map((a) => a.split("@")[1])).toEqual(["0", "1000", "3000", "7000"]);
    expect(new Set(told)).toEqual(new Set(["lacking"]));
    platform.srv = () => [record("a.test")];
    await platform.advance(8_000);
    expect(told.at(-1)).toBe("a.test:80/0/1");
    expect(log.lines.at(-1)!.event).toBe("Name resolves again");
  });

  test("a server that says nothing has failed after a while, and its late answer is not heard", async () => {
    const { platform, start, told } = open();
    const late = Promise.withResolvers<readonly SrvRecord[]>();
    platform.srv = () => late.promise;
    start();
    await platform.advance(ANSWER_LIMIT_MS);
    expect(told).toEqual(["lacking"]);
    late.resolve([record("late.test")]);
    await settle();
    expect(told).toEqual(["lacking"]);
  });

  test("nothing after the close", async () => {
    const { platform, start, told, source } = open();
    platform.srv = () => [record("a.test")];
    start();
    source.close();
    await platform.advance(200_000);
    expect(told).toEqual([]);
    expect(platform.timers).toBe(0);
  });
});

describe("records become endpoints", () => {
  test.each<[string, readonly SrvRecord[], readonly string[]]>([
    ["in one order whatever the answer's", [record("b.test"), record("a.test")], ["a.test:80/0/1", "b.test:80/0/1"]],
    [
      "priorities are levels without gaps (RFC 2782)",
      [record("c.test", { priority: 30 }), record("a.test", { priority: 5 }), record("b.test", { priority: 5, port: 81 })],
      ["a.test:80/0/1", "b.test:81/0/1", "c.test:80/1/1"],
    ],
    [
      "weights 0 alone: equal shares",
      [record("a.test", { weight: 0 }), record("b.test", { weight: 0 })],
      ["a.test:80/0/1", "b.test:80/0/1"],
    ],
    [
      "weight 0 beside others: a very small share",
      [record("a.test", { weight: 0 }), record("b.test", { weight: 2 }), record("c.test", { weight: 0, priority: 1 })],
      ["a.test:80/0/1", "b.test:80/0/200", "c.test:80/1/1"],
    ],
    [
      "weight 0 beside the largest",
      [record("a.test", { weight: 0 }), record("b.test", { weight: 65_535 })],
      ["a.test:80/0/1", "b.test:80/0/65535"],
    ],
  ])("%s", (_, records, wanted) => {
    expect(srvEndpoints(records).map(textOf)).toEqual([...wanted]);
  });

  test("no more of them than a name may bring", () => {
    const records = Array.from({ length: MAX_ADDRESSES + 5 }, (_, i) => record(`h${i}.test`));
    expect(srvEndpoints(records).length).toBe(MAX_ADDRESSES);
  });
});
