import { describe, expect, test } from "bun:test";
import type { DnsPolicy } from "../../../../src/upstream/discovery/dns_policy.ts";
import { ANSWER_LIMIT_MS, FAMILY_WAIT_MS, MAX_ADDRESSES, RETRY_LAST_MS } from "../../../../src/upstream/discovery/limits.ts";
import { NameWatch } from "../../../../src/upstream/discovery/name_watch.ts";
import { dnsError, FakePlatform, RecordingLog, settle } from "../fake_platform.ts";

const V4: DnsPolicy = { families: "v4", minTtlMs: 5000, maxTtlMs: 300_000, servers: [] };
const AUTO: DnsPolicy = { ...V4, families: "auto" };

function watch(policy: DnsPolicy, random = 0) {
  const platform = new FakePlatform();
  const log = new RecordingLog();
  /** Addresses at each call. */
  const told: string[] = [];
  const env = { platform, log, failed: () => {}, cluster: "web", random: () => random };
  const name = new NameWatch(env, "app.test", policy, [], () => told.push(name.pairs.map((p) => p.join("+")).join(" ")));
  return { platform, log, told, name };
}

function records(ttl: number, ...addresses: string[]) {
  return addresses.map((address) => ({ address, ttl }));
}

describe("when a name is asked", () => {
  test.each([
    ["v4", ["4 app.test @0"]],
    ["v6", ["6 app.test @0"]],
    ["auto", ["6 app.test @0", "4 app.test @0"]],
  ] as const)("families %s", (families, asked) => {
    const { platform, name } = watch({ ...V4, families });
    name.start();
    expect(platform.asked).toEqual([...asked]);
  });

  test.each([
    ["80 % of the TTL at the earliest", 100, 0, 80_000],
    ["95 % of it at the latest", 100, 1, 95_000],
    ["the lower bound counts for a short TTL", 1, 0, 4000],
    ["the upper bound counts for a long TTL", 100_000, 0, 240_000],
    ["a TTL of 0", 0, 0, 4000],
  ])("%s", async (_, ttl, random, at) => {
    const { platform, name } = watch(V4, random);
    platform.dns = () => records(ttl, "10.0.0.1");
    name.start();
    await platform.advance(at - 1);
    expect(platform.asked).toEqual(["4 app.test @0"]);
    await platform.advance(1);
    expect(platform.asked).toEqual(["4 app.test @0", `4 app.test @${at}`]);
  });

  test("the shortest TTL of all records of both families counts", async () => {
    const { platform, name } = watch(AUTO);
    platform.dns = (_, family) => (family === 6 ? records(50, "::1") : [...records(200, "10.0.0.1"), ...records(10, "10.0.0.2")]);
    name.start();
    await platform.advance(8000);
    expect(platform.asked.slice(2)).toEqual(["6 app.test @8000", "4 app.test @8000"]);
  });

  test("bounds of 0 do not make it spin", async () => {
    const { platform, name } = watch({ families: "v4", minTtlMs: 0, maxTtlMs: 0, servers: [] });
    platform.dns = () => records(0, "10.0.0.1");
    name.start();
    await platform.advance(1000);
    expect(platform.asked.length).toBe(13);
  });
});

describe("what is told", () => {
  test("the first answer, then only changes", async () => {
    const { platform, name, told } = watch(V4);
    platform.dns = () => records(10, "10.0.0.2", "10.0.0.1", "10.0.0.1");
    name.start();
    await platform.advance(30_000);
    expect(told).toEqual(["10.0.0.1 10.0.0.2"]);
    platform.dns = () => records(10, "10.0.0.2", "10.0.0.3");
    await platform.advance(10_000);
    expect(told).toEqual(["10.0.0.1 10.0.0.2", "10.0.0.2 10.0.0.3"]);
  });

  test("flapping: each change once, and nothing in the log", async () => {
    const { platform, name, told, log } = watch(V4);
    let n = 0;
    platform.dns = () => records(10, n++ % 2 === 0 ? "10.0.0.1" : "10.0.0.2");
    name.start();
    await platform.advance(4 * 8000);
    expect(told).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2", "10.0.0.1"]);
    expect(log.lines).toEqual([]);
  });

  test("a slow family holds the first answer back for a moment, not longer", async () => {
    const { platform, name, told } = watch(AUTO);
    const slow = Promise.withResolvers<{ address: string; ttl: number }[]>();
    platform.dns = (_, family) => (family === 6 ? slow.promise : records(60, "10.0.0.1"));
    name.start();
    await platform.advance(FAMILY_WAIT_MS - 1);
    expect(name.settled).toBe(false);
    await platform.advance(1);
    expect(name.settled).toBe(true);
    slow.resolve(records(60, "::1"));
    await settle();
    expect(told).toEqual(["10.0.0.1", "::1+10.0.0.1"]);
  });

  test("a second family in time leaves no timer but the next question's", async () => {
    const { platform, name, told } = watch(AUTO);
    const slow = Promise.withResolvers<{ address: string; ttl: number }[]>();
    platform.dns = (_, family) => (family === 6 ? slow.promise : records(60, "10.0.0.1"));
    name.start();
    await platform.advance(FAMILY_WAIT_MS - 1);
    slow.resolve(records(60, "::1"));
    await settle();
    expect(told).toEqual(["::1+10.0.0.1"]);
    expect(platform.timers).toBe(1);
  });

  test("an answer has a size: more addresses than the limit are left out", async () => {
    const { platform, name } = watch(V4);
    platform.dns = () => Array.from({ length: 5000 }, (_, i) => ({ address: `10.0.${i >> 8}.${i & 255}`, ttl: 60 }));
    name.start();
    await settle();
    expect(name.pairs.length).toBe(MAX_ADDRESSES);
  });
});

describe("when DNS fails", () => {
  test.each([
    ["an error of the server", () => dnsError("ESERVFAIL")],
    ["no such name", () => dnsError("ENOTFOUND")],
    ["an empty answer", () => []],
    ["an error without a code", () => new Error("boom")],
  ])("%s: the last good answer stays, one warning, one line when it is over", async (_, failure) => {
    const { platform, name, told, log } = watch(V4);
    platform.dns = () => records(10, "10.0.0.1");
    name.start();
    await settle();
    platform.dns = failure;
    await platform.advance(8000);
    expect(log.lines.length).toBe(1);
    expect(log.lines[0]).toMatchObject({
      level: "warning",
      facts: { cluster: "web", name: "app.test", failures: 1, retryMs: 1000, kept: 1 },
    });
    platform.dns = () => records(10, "10.0.0.1");
    await platform.advance(1000);
    expect(log.lines[1]).toMatchObject({ level: "info", event: "Name resolves again", facts: { failures: 1 } });
    expect(told).toEqual(["10.0.0.1"]);
  });

  test("retries come ever later, up to a limit, and the delay starts small again after a success", async () => {
    const { platform, name, log } = watch(V4);
    platform.dns = () => dnsError("ESERVFAIL");
    name.start();
    await platform.advance(120_000);
    expect(platform.asked.map((q) => Number(q.split("@")[1]))).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000]);
    expect(log.lines.at(-1)!.facts.retryMs).toBe(RETRY_LAST_MS);
    platform.dns = () => records(10, "10.0.0.1");
    await platform.advance(1000);
    platform.dns = () => dnsError("ESERVFAIL");
    await platform.advance(8000);
    expect(log.lines.at(-1)!.facts).toMatchObject({ failures: 1, retryMs: 1000 });
  });

  test("chance takes up to a quarter off the retry delay", async () => {
    const { platform, name } = watch(V4, 1);
    platform.dns = () => dnsError("ESERVFAIL");
    name.start();
    await platform.advance(750);
    expect(platform.asked.length).toBe(2);
  });

  test("the first failure settles the name, without addresses", async () => {
    const { platform, name, told } = watch(AUTO);
    platform.dns = () => dnsError("ESERVFAIL");
    name.start();
    await settle();
    expect(name.settled).toBe(true);
    expect(told).toEqual([""]);
  });

  test("silence is a failure after the limit, and a late answer is not taken for a new one", async () => {
    const { platform, name, told, log } = watch(V4);
    const late = Promise.withResolvers<{ address: string; ttl: number }[]>();
    platform.dns = () => late.promise;
    name.start();
    await platform.advance(ANSWER_LIMIT_MS);
    expect(log.lines[0]!.facts.error).toEqual([`A: no answer after ${ANSWER_LIMIT_MS} ms`]);
    platform.dns = () => records(60, "10.0.0.2");
    await platform.advance(1000);
    late.resolve(records(60, "10.0.0.1"));
    await settle();
    expect(told).toEqual(["", "10.0.0.2"]);
  });

  test("one family fails: its last answer stays beside the other's new one, retried soon, warned of once", async () => {
    const { platform, name, told, log } = watch(AUTO);
    platform.dns = (_, family) => (family === 6 ? records(100, "::1") : records(100, "10.0.0.1"));
    name.start();
    await settle();
    platform.dns = (_, family) => (family === 6 ? dnsError("ESERVFAIL") : records(100, "10.0.0.2"));
    await platform.advance(80_000);
    expect(told).toEqual(["::1+10.0.0.1", "::1+10.0.0.2"]);
    await platform.advance(3000);
    expect(platform.asked.slice(-4).map((q) => q.split("@")[1])).toEqual(["81000", "81000", "83000", "83000"]);
    expect(log.lines.map((l) => l.level)).toEqual(["warning", "debug", "debug"]);
    expect(log.lines[0]!.facts.error).toEqual(["AAAA: ESERVFAIL", "A: records"]);
  });

  test("one family fails at once: what an earlier watch knew of it stays", async () => {
    const { platform, log } = watch(AUTO);
    const env = { platform, log, failed: () => {}, cluster: "web", random: () => 0 };
    const seed = [["::1", "10.0.0.1"], ["::2"]] as const;
    const both = new NameWatch(env, "app.test", AUTO, seed, () => {});
    const v4 = new NameWatch(env, "app.test", V4, seed, () => {});
    platform.dns = (_, family) => (family === 6 ? dnsError("ESERVFAIL") : records(10, "10.0.0.2"));
    both.start();
    v4.start();
    expect([both.pairs, v4.pairs]).toEqual([seed, seed]);
    await settle();
    expect(both.pairs).toEqual([["::1", "10.0.0.2"], ["::2"]]);
    expect(v4.pairs).toEqual([["10.0.0.2"]]);
  });

  test("one family is gone while the other answers: its addresses go", async () => {
    const { platform, name, told, log } = watch(AUTO);
    platform.dns = (_, family) => (family === 6 ? records(10, "::1") : records(10, "10.0.0.1"));
    name.start();
    await settle();
    platform.dns = (_, family) => (family === 6 ? dnsError("ENODATA") : records(10, "10.0.0.1"));
    await platform.advance(8000);
    expect(told).toEqual(["::1+10.0.0.1", "10.0.0.1"]);
    expect(log.lines).toEqual([]);
  });

  test("one family is gone and the other fails: nothing changes", async () => {
    const { platform, name, told } = watch(AUTO);
    platform.dns = (_, family) => (family === 6 ? records(10, "::1") : records(10, "10.0.0.1"));
    name.start();
    await settle();
    platform.dns = (_, family) => (family === 6 ? dnsError("ENODATA") : dnsError("ETIMEOUT"));
    await platform.advance(20_000);
    expect(told).toEqual(["::1+10.0.0.1"]);
  });
});

test("close: no question, no call, no timer", async () => {
  const { platform, name, told } = watch(AUTO);
  platform.dns = (_, family) => (family === 6 ? new Promise(() => {}) : records(10, "10.0.0.1"));
  name.start();
  await settle();
  name.close();
  await platform.advance(100_000);
  expect(told).toEqual([]);
  expect(platform.timers).toBe(0);
  expect(platform.asked.length).toBe(2);
});
