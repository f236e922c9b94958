import { describe, expect, test } from "bun:test";
import type { KvAnswer, KvCall } from "../../../../src/plugin/calls/kv_call.ts";
import { PluginDoor } from "../../../../src/plugin/shared/plugin_door.ts";
import type { PluginNews } from "../../../../src/plugin/shared/plugin_news.ts";
import { SharedPlugins } from "../../../../src/plugin/shared/shared_plugins.ts";
import { Numbers } from "../../../../src/telemetry/numbers.ts";
import { FakePlugins, SPEC } from "../process/fake_plugins.ts";

/** Workers whose messages reach their supervisor when a test says so. */
class Weir {
  readonly fake = new FakePlugins();
  readonly platform = this.fake.platform;
  readonly shared = new SharedPlugins({
    env: { ...this.fake.env, openStream: () => -1 },
    numbers: new Numbers(),
    workers: 2,
    changed: () => {},
  });
  readonly #asked: (() => void)[] = [];

  worker(): PluginDoor {
    const w = { tellPlugins: (news: PluginNews) => door.hear(news) };
    const door: PluginDoor = new PluginDoor({
      send: (m) => this.#asked.push(() => this.shared.hear(w, m)),
      clock: this.platform,
      adopt: () => {},
    });
    return door;
  }

  deliver(): void {
    for (const f of this.#asked.splice(0)) f();
  }
}

function ask(door: PluginDoor, call: KvCall, plugin = "p"): { answer: KvAnswer | null } {
  const asked: { answer: KvAnswer | null } = { answer: null };
  door.store(plugin).ask(call, (answer) => {
    asked.answer = answer;
  });
  return asked;
}

const ADD: KvCall = { op: "add", key: "n", by: 1, ttlMs: 1000 };
const GET: KvCall = { op: "get", key: "n" };

describe("values over workers", () => {
  test("are the same for all of them, and another plugin's are others", () => {
    const weir = new Weir();
    const workers = [weir.worker(), weir.worker(), weir.worker()];
    const sums = workers.map((w) => ask(w, ADD));
    const other = ask(workers[0]!, ADD, "q");
    weir.deliver();
    expect(sums.map((s) => s.answer)).toEqual([{ result: '{"value":1}' }, { result: '{"value":2}' }, { result: '{"value":3}' }]);
    expect(other.answer).toEqual({ result: '{"value":1}' });
  });

  test("outlive a worker, and end with their time", async () => {
    const weir = new Weir();
    ask(weir.worker(), ADD);
    weir.deliver();
    const successor = weir.worker();
    const before = ask(successor, GET);
    weir.deliver();
    await weir.platform.advance(1000);
    const after = ask(successor, GET);
    weir.deliver();
    expect([before.answer, after.answer]).toEqual([{ result: '{"value":1}' }, { result: '{"value":null}' }]);
  });

  test("come back as they were, whatever they look like", () => {
    const weir = new Weir();
    const door = weir.worker();
    const json = '{"$map":[["a",1]],"__proto__":{"x":1}}';
    ask(door, { op: "set", key: "v", json, ttlMs: null });
    const got = ask(door, { op: "get", key: "v" });
    weir.deliver();
    expect(got.answer).toEqual({ result: `{"value":${json}}` });
  });

  test("of a plugin that is no more are forgotten", async () => {
    const weir = new Weir();
    const door = weir.worker();
    ask(door, ADD);
    weir.deliver();
    (await weir.shared.prepare(new Map([["q", { ...SPEC, name: "q", processes: 2 }]]))).commit();
    const got = ask(door, GET);
    weir.deliver();
    expect(got.answer).toEqual({ result: '{"value":null}' });
  });

  test("begin anew in a worker without a supervisor, and what was asked is answered", () => {
    const weir = new Weir();
    const door = weir.worker();
    ask(door, ADD);
    weir.deliver();
    const asked = ask(door, ADD);
    door.orphaned();
    expect([asked.answer, ask(door, ADD).answer]).toEqual([{ result: '{"value":1}' }, { result: '{"value":2}' }]);
  });
});
