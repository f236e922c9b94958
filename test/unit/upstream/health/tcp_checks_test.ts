import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../../../src/base/bytes.ts";
import type { HealthCheckSpec } from "../../../../src/config/traffic_model.ts";
import { HealthBoard } from "../../../../src/upstream/health/health_board.ts";
import { FakePlatform } from "../fake_platform.ts";
import { CheckedSite, checked, HTTP } from "./checked_site.ts";

const A = "10.0.0.1:6379";

function tcp(send: string | null, expected: string | null, more: Partial<HealthCheckSpec> = {}): HealthCheckSpec {
  const bytes = (t: string | null): Uint8Array | null => (t === null ? null : encodeLatin1(t));
  return { ...HTTP, probe: { kind: "tcp", send: bytes(send), expect: bytes(expected) }, ...more };
}

describe("a check that Weir has no descriptors for", () => {
  for (const health of [HTTP, tcp(null, null), tcp("PING", "PONG")]) {
    test(`of ${health.probe.kind} says nothing of the host`, async () => {
      const platform = new FakePlatform();
      const site = new CheckedSite(checked({ ...health, unhealthyThreshold: 1 }, A), new HealthBoard(), true, platform);
      site.cluster.start();
      for (let i = 0; i < 4; i++) {
        await platform.advance(i === 0 ? 50 : 5_050);
        platform.dials.at(-1)!.fail("noDescriptors", "EMFILE");
      }
      expect(platform.dials.length).toBe(4);
      expect(site.board.records()).toEqual([]);
      expect(site.states[0]).toMatch(/^unknown/);
    });
  }
});

describe("a check of TCP", () => {
  test("may ask for a connection alone, a new one each time", async () => {
    const site = new CheckedSite(checked(tcp(null, null), A));
    const a = await site.host(A, () => {});
    site.cluster.start();
    await site.platform.advance(30_000);
    expect(site.states).toEqual(["healthy"]);
    expect(a.peers.length).toBeGreaterThanOrEqual(3);
    expect(a.peers.every((p) => p.gone && p.text === "")).toBe(true);
  });

  test("a port that refuses", async () => {
    const site = new CheckedSite(checked(tcp(null, null), A));
    site.cluster.start();
    await site.platform.advance(100);
    expect(site.states[0]).toMatch(/^unhealthy: .*10\.0\.0\.1:6379/);
  });

  test("sends and expects, over one connection", async () => {
    const site = new CheckedSite(checked(tcp("PING\r\n", "+PONG"), A));
    const a = await site.host(A, (_t, peer) => {
      peer.send("+PO");
      peer.send("NG\r\n");
    });
    site.cluster.start();
    await site.platform.advance(30_000);
    expect(site.states).toEqual(["healthy"]);
    expect(a.peers.length).toBe(1);
    expect(a.asked.length).toBeGreaterThanOrEqual(18);
  });

  test("expects what a server says by itself", async () => {
    const site = new CheckedSite(checked(tcp(null, "220 "), A));
    await site.platform.listen({ kind: "tcp", host: "10.0.0.1", port: 6379 }, {}, (c) => {
      c.write([encodeLatin1("220 mail.test ESMTP\r\n")]);
      return { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
    });
    site.cluster.start();
    await site.platform.advance(25_000);
    expect(site.states).toEqual(["healthy"]);
    expect(Object.keys(site.results())).toEqual(["passed"]);
  });

  test("what is sent without an answer awaited", async () => {
    const site = new CheckedSite(checked(tcp("hello", null), A));
    const a = await site.host(A, () => {});
    site.cluster.start();
    await site.platform.advance(100);
    expect(site.states).toEqual(["healthy"]);
    expect(a.asked).toBe("hello");
  });

  test("a wrong answer fails with its first wrong byte, and no more of it is kept than is expected", async () => {
    const site = new CheckedSite(checked(tcp("PING", "PONG"), A));
    await site.host(A, `PO\x00\xff${"x".repeat(5_000)}`);
    site.cluster.start();
    await site.platform.advance(100);
    expect(site.states).toEqual(['unhealthy: the answer begins otherwise: "PO\\u0000\\xff"']);
    expect(site.results()).toEqual({ failed: 1 });
  });

  test("half an answer is awaited to the timeout", async () => {
    const site = new CheckedSite(checked(tcp("PING", "PONG"), A));
    const a = await site.host(A, "PON");
    site.cluster.start();
    await site.platform.advance(1_100);
    expect(site.results()).toEqual({ timeout: 1 });
    expect(a.peers[0]!.gone).toBe(true);
  });

  test("an end before the answer", async () => {
    const site = new CheckedSite(checked(tcp("PING", "PONG"), A));
    await site.host(A, (_t, peer) => {
      peer.send("PO");
      peer.conn!.end();
    });
    site.cluster.start();
    await site.platform.advance(100);
    expect(site.states[0]).toMatch(/^unhealthy: the connection ended/);
  });

  test("a kept connection that the host closed is opened anew", async () => {
    const site = new CheckedSite(checked(tcp("PING", "PONG"), A));
    const a = await site.host(A, (_t, peer) => {
      peer.send("PONG");
      site.platform.setTimer(100, () => peer.conn!.end());
    });
    site.cluster.start();
    await site.platform.advance(40_000);
    expect(a.peers.length).toBeGreaterThan(3);
    expect(Object.keys(site.results())).toEqual(["passed"]);
  });
});
