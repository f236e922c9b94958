import { describe, expect, test } from "bun:test";
import type { PluginSpec } from "../../../../src/config/plugin_model.ts";
import type { Seat } from "../../../../src/plugin/process/plugin_call.ts";
import { PluginPool } from "../../../../src/plugin/process/plugin_pool.ts";
import { ActionCall } from "../../../../src/plugin/use/action_call.ts";
import { Numbers } from "../../../../src/telemetry/numbers.ts";
import { PluginMetrics } from "../../../../src/telemetry/plugin_metrics.ts";
import { FakePlugins, type FakeProcess, SPEC } from "./fake_plugins.ts";

const RULES = { side: "request", authority: false, clusters: new Set<string>() } as const;

class Scene {
  readonly fake = new FakePlugins();
  readonly pool: PluginPool;

  constructor(more: Partial<PluginSpec> = {}) {
    const metrics = new PluginMetrics(new Numbers(), "p");
    this.pool = new PluginPool({ ...SPEC, ...more }, this.fake.env, metrics, { notice: () => false, request: () => false });
  }

  async started(): Promise<this> {
    const started = this.pool.start();
    await this.fake.platform.settled();
    expect(await started).toBe(null);
    await this.fake.platform.settled();
    return this;
  }

  /** Asks; `end` is what came of it, "" while nothing has. */
  ask(seat: Seat = this.pool.seat(), phase = "requestHead", ms = 200): { seat: Seat; call: ActionCall; end: string } {
    const call = new ActionCall(this.pool, seat, phase, ms, RULES, "");
    const asked = { seat, call, end: "" };
    void call.answer.then((a) => {
      asked.end = "outcome" in a ? a.outcome : "ok";
    });
    this.pool.call(call);
    return asked;
  }

  async settled(): Promise<void> {
    await this.fake.platform.settled();
  }
}

describe("the processes of a plugin", () => {
  test("have little of Weir's environment, and the cookie", async () => {
    const s = await new Scene({ env: { OWN: "1" } }).started();
    expect(s.fake.started[0]!.spec.env).toEqual({ PATH: "/bin", OWN: "1", WEIR_PLUGIN: "stdio-jsonrpc-1" });
  });

  test("share calls by how many each has open, and one exchange stays with one", async () => {
    const s = await new Scene({ processes: 2 }).started();
    const [a, b] = [s.ask(), s.ask()];
    await s.settled();
    expect(s.fake.started.map((p) => p.got.length)).toEqual([1, 1]);
    s.fake.started[1]!.answer(s.fake.started[1]!.got[0]!.id!, {});
    await s.settled();
    expect([a.end, b.end]).toEqual(["", "ok"]);
    s.ask(a.seat, "responseHead");
    await s.settled();
    expect(s.fake.started.map((p) => p.got.length)).toEqual([2, 1]);
  });

  test("take so many calls, more wait, and the rest fails at once", async () => {
    const s = await new Scene().started();
    const all = Array.from({ length: 5 }, () => s.ask());
    await s.settled();
    const p = s.fake.started[0]!;
    expect([p.got.length, all.map((a) => a.end)]).toEqual([2, ["", "", "", "", "overflow"]]);
    p.answer(p.got[0]!.id!, {});
    await s.settled();
    expect([p.got.length, all.map((a) => a.end)]).toEqual([3, ["ok", "", "", "", "overflow"]]);
    await s.fake.platform.advance(250);
    expect(all.map((a) => a.end)).toEqual(["ok", "timeout", "timeout", "timeout", "overflow"]);
    expect(p.got.filter((m) => m.method === "cancel")).toHaveLength(2);
    expect([s.pool.metrics.queued.value, s.pool.metrics.open.value]).toEqual([0, 0]);
  });

  test("late answers change nothing", async () => {
    const s = await new Scene().started();
    const a = s.ask();
    await s.settled();
    const p = s.fake.started[0]!;
    await s.fake.platform.advance(250);
    p.answer(p.got[0]!.id!, { reset: true });
    await s.settled();
    expect([a.end, s.pool.metrics.open.value]).toEqual(["timeout", 0]);
  });

  test("that end fail their calls, and others take their place after a while", async () => {
    const s = await new Scene().started();
    const a = s.ask();
    await s.settled();
    s.fake.started[0]!.exit(null, "SIGSEGV");
    await s.settled();
    expect([a.end, s.fake.started.length]).toEqual(["gone", 1]);
    const b = s.ask();
    await s.fake.platform.advance(101);
    await s.settled();
    expect(s.fake.started.length).toBe(2);
    expect(s.fake.started[1]!.got.map((m) => m.method)).toEqual(["requestHead"]);
    expect([b.end, s.pool.metrics.restarts.value]).toEqual(["", 1]);
  });

  test("an exchange whose process is gone has no other", async () => {
    const s = await new Scene({ processes: 2 }).started();
    const a = s.ask();
    await s.settled();
    s.fake.started.find((p) => p.got.length > 0)!.exit(1);
    await s.settled();
    const again = s.ask(a.seat, "responseHead");
    await s.settled();
    expect([a.end, again.end]).toEqual(["gone", "gone"]);
  });

  test("that crash again and again are tried rarely, and calls fail at once", async () => {
    const s = await new Scene().started();
    s.fake.next = "dies";
    s.fake.started[0]!.exit(1);
    await s.fake.platform.advance(2000);
    const tried = s.fake.started.length;
    expect(tried).toBeLessThanOrEqual(5);
    const a = s.ask();
    await s.settled();
    expect(a.end).toBe("gone");
    s.fake.next = "serves";
    await s.fake.platform.advance(2000);
    const b = s.ask();
    await s.settled();
    const p = s.fake.running[0]!;
    p.answer(p.got.at(-1)!.id!, {});
    await s.settled();
    expect(b.end).toBe("ok");
  });

  test("one that does not start fails the start, with the reason", async () => {
    for (const [next, reason] of [
      ["dies", "it ended with code 1"],
      ["silent", "it does not start: it did not answer within 5000 ms"],
    ] as const) {
      const s = new Scene();
      s.fake.next = next;
      const started = s.pool.start();
      await s.fake.platform.advance(5100);
      expect(await started).toBe(reason);
      await s.fake.platform.advance(60_000);
      expect([s.fake.started.length, s.fake.running.length]).toEqual([1, 0]);
    }
  });

  test("a cancelled call is told to the process, and never ends", async () => {
    const s = await new Scene().started();
    const a = s.ask();
    await s.settled();
    a.call.cancel();
    await s.settled();
    const p = s.fake.started[0]!;
    expect(p.got.map((m) => m.method)).toEqual(["requestHead", "cancel"]);
    expect([a.end, s.pool.metrics.open.value]).toEqual(["", 0]);
  });

  test("that are to go finish what they have, for so long", async () => {
    const s = await new Scene().started();
    const a = s.ask();
    await s.settled();
    s.pool.close();
    const p = s.fake.started[0]!;
    const late = s.ask();
    await s.settled();
    expect([late.end, p.ended]).toEqual(["gone", ""]);
    p.answer(p.got[0]!.id!, {});
    await s.settled();
    expect([a.end, p.ended]).toEqual(["ok", ""]);
    s.pool.leaveSeat(a.seat, true);
    await s.settled();
    expect([p.got.at(-1)!.method, p.ended]).toEqual(["done", "code 0"]);
  });

  test("above their soft limit are replaced, above their hard limit killed", async () => {
    const s = await new Scene({ memory: { softBytes: 100, hardBytes: 1000 } }).started();
    s.fake.started[0]!.rss = 200;
    await s.fake.platform.advance(1100);
    await s.settled();
    expect([s.fake.started.length, s.fake.started[0]!.ended]).toEqual([2, "code 0"]);
    s.fake.started[1]!.rss = 2000;
    await s.fake.platform.advance(1100);
    expect(s.fake.started[1]!.ended).toBe("SIGKILL");
  });

  test("above their soft limit take calls until their successor does", async () => {
    const s = await new Scene({ memory: { softBytes: 100, hardBytes: null } }).started();
    const [old] = s.fake.started;
    old!.rss = 200;
    s.fake.next = "silent";
    await s.fake.platform.advance(2_200);
    expect([s.fake.started.length, old!.ended]).toEqual([2, ""]);
    const a = s.ask();
    await s.settled();
    old!.answer(old!.got[0]!.id!, {});
    await s.settled();
    expect(a.end).toBe("ok");
    s.pool.leaveSeat(a.seat, false);
    // It never says a word, and another one is tried.
    s.fake.next = "serves";
    await s.fake.platform.advance(5_200);
    expect(s.fake.started.map((p) => p.ended)).toEqual(["code 0", "SIGKILL", ""]);
    const b = s.ask();
    await s.settled();
    expect(s.fake.started[2]!.got).toHaveLength(1);
    b.call.cancel();
  });

  test("that end while their successor starts fail their own calls alone", async () => {
    const s = await new Scene({ memory: { softBytes: 100, hardBytes: null } }).started();
    s.fake.started[0]!.rss = 200;
    s.fake.next = "silent";
    await s.fake.platform.advance(1_100);
    const a = s.ask();
    await s.settled();
    s.fake.started[0]!.exit(1);
    await s.settled();
    expect([a.end, s.fake.started.length]).toEqual(["gone", 2]);
    s.fake.next = "serves";
    await s.fake.platform.advance(5_200);
    expect(s.fake.running).toHaveLength(1);
  });

  test("are whom the config says, and don't start when there is no such user", async () => {
    const s = new Scene({ runAs: { user: "u", group: null } });
    s.fake.env.accountOf = ({ runAs }) => (runAs?.user === "u" ? { uid: 5, gid: 6 } : null);
    await s.started();
    expect(s.fake.started[0]!.spec.account).toEqual({ uid: 5, gid: 6 });
    const t = new Scene();
    t.fake.env.accountOf = () => 'user "x" is not in /etc/passwd';
    expect(await t.pool.start()).toContain('user "x" is not in /etc/passwd');
    expect(t.fake.started).toEqual([]);
  });

  test("that use more of a processor than they may are replaced, after the time of the average", async () => {
    const s = await new Scene({ cpu: { cores: 0.5, windowMs: 3_000 } }).started();
    const a = s.ask();
    await s.settled();
    const [p] = s.fake.started;
    // Much for a second is no more than a little for three.
    p!.cpuSeconds = 100;
    await s.fake.platform.advance(1_050);
    for (const used of [1.4, 0, 0, 0.6, 0.6, 0]) {
      p!.cpuSeconds += used;
      await s.fake.platform.advance(1_000);
    }
    expect(s.fake.started.length).toBe(1);
    for (const used of [0.6, 0.6, 0.6]) {
      p!.cpuSeconds += used;
      await s.fake.platform.advance(1_000);
    }
    expect([s.fake.started.length, p!.ended, s.pool.metrics.restarts.value]).toEqual([2, "", 1]);
    expect(s.fake.logged.at(-1)).toContain("over its processor limit: it used 0.60 cores for 3000 ms");
    // It finishes what it has, and is not replaced again.
    p!.cpuSeconds += 100;
    await s.fake.platform.advance(4_000);
    expect([a.end, s.fake.started.length]).toEqual(["timeout", 2]);
  });

  test("are counted with their memory and their time, those that leave too", async () => {
    const s = await new Scene({ processes: 2 }).started();
    const [p, q] = s.fake.started as [FakeProcess, FakeProcess];
    [p.rss, q.rss, p.cpuSeconds, q.cpuSeconds] = [100, 10, 2, 1];
    await s.fake.platform.advance(1_050);
    const { memory, cpuSeconds } = s.pool.metrics;
    expect([memory.value, cpuSeconds.value]).toEqual([110, 3]);
    p.exit(1);
    q.rss = 20;
    q.cpuSeconds = 1.5;
    await s.fake.platform.advance(1_000);
    expect([memory.value, cpuSeconds.value]).toEqual([20, 3.5]);
    s.ask();
    await s.settled();
    s.pool.close();
    await s.settled();
    await s.fake.platform.advance(1_000);
    expect(memory.value).toBe(20);
    await s.fake.platform.advance(20_000);
    expect(memory.value).toBe(0);
  });

  test("that do not answer a ping are killed", async () => {
    const s = await new Scene({ ping: { everyMs: 1000, timeoutMs: 500 } }).started();
    await s.fake.platform.advance(1000);
    const p = s.fake.started[0]!;
    expect(p.got.map((m) => m.method)).toEqual(["ping"]);
    p.answer(p.got[0]!.id!, {});
    await s.fake.platform.advance(1000);
    await s.fake.platform.advance(600);
    expect(p.ended).toBe("SIGKILL");
    expect(s.fake.logged.some((l) => l.includes("it hangs"))).toBe(true);
  });
});

describe("endpoints", () => {
  const watch = (heard: unknown[]) => ({ cluster: "api", config: "7", told: (v: unknown) => void heard.push(v) });
  const watched = (s: Scene): string[] =>
    s.fake.started.map((p) => p.got.map((m) => `${m.method} ${m.params["watch"]}`).join(", "));

  test("are watched at one process, and anew at another when that ends", async () => {
    const s = await new Scene({ processes: 2 }).started();
    const heard: unknown[] = [];
    s.pool.endpoints.add(watch(heard));
    await s.settled();
    expect(watched(s)).toEqual(["watchEndpoints 1", ""]);
    expect(s.fake.started[0]!.got[0]!.params).toEqual({ watch: 1, cluster: "api", config: 7 });
    s.fake.started[0]!.say({ jsonrpc: "2.0", method: "endpoints", params: { watch: 1, endpoints: ["a"] } });
    s.fake.started[1]!.say({ jsonrpc: "2.0", method: "endpoints", params: { watch: 1, endpoints: ["b"] } });
    s.fake.started[0]!.exit(1);
    await s.settled();
    expect([heard, watched(s)[1]]).toEqual([[["a"]], "watchEndpoints 1"]);
    await s.fake.platform.advance(500);
    expect([s.fake.started.length, watched(s)[2]]).toEqual([3, ""]);
  });

  test("are watched anew when there was no process for a while", async () => {
    const s = await new Scene().started();
    s.pool.endpoints.add(watch([]));
    s.fake.started[0]!.exit(1);
    await s.fake.platform.advance(500);
    expect(watched(s)).toEqual(["watchEndpoints 1", "watchEndpoints 1"]);
  });

  test("are not watched any more at processes that go", async () => {
    const s = await new Scene().started();
    s.pool.endpoints.add(watch([]));
    s.ask();
    await s.settled();
    s.pool.close();
    await s.settled();
    expect(watched(s)).toEqual(["watchEndpoints 1, requestHead undefined, unwatchEndpoints 1"]);
  });
});
