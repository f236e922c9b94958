import { describe, expect, test } from "bun:test";
import { ATTEMPT_DELAY_MS, dialHost, type HostDialOptions, hostDialOptions } from "../../../src/upstream/dialer.ts";
import { UpstreamHost } from "../../../src/upstream/host.ts";
import { FakePlatform, RecordingHandler } from "./fake_platform.ts";
import { address, cluster, endpoint } from "./specs.ts";

const OPTIONS: HostDialOptions = { connectTimeoutMs: 1000, keepAlive: { idleMs: 30_000 } };

function start(at: readonly string[], options = OPTIONS) {
  const platform = new FakePlatform();
  const handler = new RecordingHandler();
  const host = new UpstreamHost(endpoint("name:80"), at.map(address));
  return { platform, handler, host, dial: dialHost(platform, host, options, handler), dials: platform.dials };
}

describe("options of a cluster", () => {
  test("carry its time limit, keepalive and source, and leave out what is off", () => {
    expect(hostDialOptions(cluster([]))).toEqual({ connectTimeoutMs: 5000, keepAlive: null });
    const full = cluster([], { connectTimeoutMs: 7, keepAliveMs: 9, source: "10.0.0.1" });
    expect(hostDialOptions(full)).toEqual({ connectTimeoutMs: 7, keepAlive: { idleMs: 9 }, source: "10.0.0.1" });
  });
});

describe("one address", () => {
  test("opens: the connection is the handler's and no timer stays", () => {
    const { platform, handler, dials } = start(["10.0.0.1:80"]);
    expect(dials.map((d) => d.label)).toEqual(["10.0.0.1:80"]);
    expect(dials[0]!.options.keepAlive).toEqual({ idleMs: 30_000 });
    const conn = dials[0]!.open();
    expect(handler.heard).toEqual(["open"]);
    expect(conn.handler).toBe(handler);
    expect(platform.timers).toBe(0);
  });

  test("refused: the platform's error as it is", () => {
    const { platform, handler, dials } = start(["10.0.0.1:80"]);
    dials[0]!.fail("connectRefused", "connection refused");
    expect(handler.heard).toEqual(["close"]);
    expect(handler.error?.facts).toMatchObject({ code: "connectRefused", side: "upstream", retry: "always", status: 503 });
    expect(handler.error?.message).toBe("check the upstream: connecting to 10.0.0.1:80 failed with connection refused");
    expect(platform.timers).toBe(0);
  });

  test("no answer: 504 after the limit, the attempt is cancelled", async () => {
    const { platform, handler, dials } = start(["10.0.0.1:80"]);
    await platform.advance(999);
    expect(handler.heard).toEqual([]);
    await platform.advance(1);
    expect(handler.error?.facts).toMatchObject({ code: "connectTimeout", retry: "always", status: 504 });
    expect(handler.error?.message).toEndWith("no connection after 1000 ms: 10.0.0.1:80 gave no answer");
    expect(dials[0]!.cancelled).toBe(true);
  });

  test("cancelled: silence, and a connection that opens all the same is destroyed", async () => {
    const { platform, handler, dial, dials } = start(["10.0.0.1:80"]);
    dial.cancel();
    expect(dials[0]!.cancelled).toBe(true);
    dials[0]!.cancelled = false;
    expect(dials[0]!.open().destroyed).toBe(true);
    await platform.advance(5000);
    expect(handler.heard).toEqual([]);
    expect(platform.timers).toBe(0);
  });

  test("cancel after the opening does nothing", () => {
    const { handler, dial, dials } = start(["10.0.0.1:80"]);
    const conn = dials[0]!.open();
    dial.cancel();
    expect(conn.destroyed).toBe(false);
    expect(dials[0]!.cancelled).toBe(false);
    expect(handler.heard).toEqual(["open"]);
  });

  test("a unix path takes any source", () => {
    const { dials } = start(["unix:/run/app.sock"], { ...OPTIONS, source: "10.9.9.9" });
    expect(dials.map((d) => d.label)).toEqual(["unix:/run/app.sock"]);
  });
});

describe("several addresses race (RFC 8305 5)", () => {
  const BOTH = ["[2001:db8::1]:80", "10.0.0.1:80"];

  test("the second waits 250 ms; the first to open wins, the loser is cancelled", async () => {
    const { platform, handler, host, dials } = start(BOTH);
    await platform.advance(ATTEMPT_DELAY_MS - 1);
    expect(dials.map((d) => d.label)).toEqual(["[2001:db8::1]:80"]);
    await platform.advance(1);
    expect(dials.map((d) => d.label)).toEqual(BOTH);
    const conn = dials[1]!.open();
    expect(handler.heard).toEqual(["open"]);
    expect(conn.handler).toBe(handler);
    expect(dials[0]!.cancelled).toBe(true);
    expect(host.preferred).toBe(1);
    expect(platform.timers).toBe(0);
  });

  test("a loser that opens in the same turn is destroyed", async () => {
    const { platform, handler, dials } = start(BOTH);
    await platform.advance(ATTEMPT_DELAY_MS);
    dials[0]!.open();
    dials[1]!.cancelled = false;
    expect(dials[1]!.open().destroyed).toBe(true);
    expect(handler.heard).toEqual(["open"]);
  });

  test("a failure starts the next at once and the one after it 250 ms later", async () => {
    const { platform, dials } = start(["[2001:db8::1]:80", "10.0.0.1:80", "10.0.0.2:80"]);
    await platform.advance(100);
    dials[0]!.fail("connectFailed", "network is unreachable");
    expect(dials.map((d) => d.at)).toEqual([0, 100]);
    await platform.advance(ATTEMPT_DELAY_MS);
    expect(dials.map((d) => d.at)).toEqual([0, 100, 350]);
  });

  test("the address that connected last goes first the next time", async () => {
    const { platform, handler, host, dials } = start(BOTH);
    dials[0]!.fail("connectFailed", "network is unreachable");
    dials[1]!.open();
    dialHost(platform, host, OPTIONS, handler);
    expect(dials[2]!.label).toBe("10.0.0.1:80");
    dials[2]!.fail("connectRefused", "connection refused");
    expect(dials[3]!.label).toBe("[2001:db8::1]:80");
    dials[3]!.open();
    expect(host.preferred).toBe(0);
  });

  test("all fail: one error with every address and the gravest code", async () => {
    const { platform, handler, dials } = start(BOTH);
    dials[0]!.fail("connectRefused", "connection refused");
    dials[1]!.fail("connectFailed", "no route to host");
    expect(handler.heard).toEqual(["close"]);
    expect(handler.error?.facts).toMatchObject({ code: "connectFailed", retry: "always" });
    expect(handler.error?.message).toBe(
      "check the upstream: connecting to [2001:db8::1]:80 failed with connection refused; connecting to 10.0.0.1:80 failed with no route to host",
    );
    expect(platform.timers).toBe(0);
  });

  test("a connection that closes before it opens, without a cause, is a failure with the address", () => {
    const { handler, dials } = start(["10.0.0.1:80"]);
    dials[0]!.close();
    expect(handler.error?.facts).toMatchObject({ code: "connectFailed", retry: "always", status: 503 });
    expect(handler.error?.message).toBe("check that the endpoint is up: 10.0.0.1:80 gave no answer");
  });

  test("no descriptors left outweighs what the other address says", () => {
    const { handler, dials } = start(BOTH);
    dials[0]!.fail("connectRefused", "connection refused");
    dials[1]!.fail("noDescriptors", "too many open files");
    expect(handler.error?.facts).toMatchObject({ code: "noDescriptors", retry: "always" });
  });

  test("a failure while another attempt runs is not the end", async () => {
    const { platform, handler, dials } = start(BOTH);
    await platform.advance(ATTEMPT_DELAY_MS);
    dials[1]!.fail("connectRefused", "connection refused");
    expect(handler.heard).toEqual([]);
    dials[0]!.open();
    expect(handler.heard).toEqual(["open"]);
  });

  test("one limit for all: a refusal and a black hole are a time-out of both", async () => {
    const { platform, handler, dials } = start(BOTH);
    dials[0]!.fail("connectRefused", "connection refused");
    await platform.advance(1000);
    expect(handler.error?.facts).toMatchObject({ code: "connectTimeout", status: 504 });
    expect(handler.error?.message).toEndWith(
      "connecting to [2001:db8::1]:80 failed with connection refused; 10.0.0.1:80 gave no answer",
    );
    expect(dials[1]!.cancelled).toBe(true);
    expect(platform.timers).toBe(0);
  });

  test("cancel ends every attempt and every timer", async () => {
    const { platform, handler, dial, dials } = start([...BOTH, "10.0.0.2:80"]);
    await platform.advance(ATTEMPT_DELAY_MS);
    dial.cancel();
    expect(dials.map((d) => d.cancelled)).toEqual([true, true]);
    expect(platform.timers).toBe(0);
    await platform.advance(5000);
    expect(handler.heard).toEqual([]);
  });

  test("a source address leaves out the other family", async () => {
    const { platform, dials } = start(BOTH, { ...OPTIONS, source: "10.9.9.9" });
    await platform.advance(900);
    expect(dials.map((d) => d.label)).toEqual(["10.0.0.1:80"]);
    expect(dials[0]!.options.source).toBe("10.9.9.9");
  });

  test("a source of a family that no address has fails without an attempt, after the call has returned", async () => {
    const { platform, handler, dials } = start(["[2001:db8::1]:80"], { ...OPTIONS, source: "10.9.9.9" });
    expect(handler.heard).toEqual([]);
    await platform.advance(0);
    expect(handler.error?.message).toBe('give a source of the endpoint\'s family: found source "10.9.9.9" for [2001:db8::1]:80');
    expect(dials).toEqual([]);
    expect(platform.timers).toBe(0);
  });
});
