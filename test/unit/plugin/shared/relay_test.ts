import { describe, expect, test } from "bun:test";
import type { Message } from "../../../../src/plugin/link/message_reader.ts";
import { ActionCall } from "../../../../src/plugin/use/action_call.ts";
import { FakeWeir, FakeWorker } from "./fake_weir.ts";

const RULES = { side: "request", authority: false, clusters: new Set<string>() } as const;

async function started(n: number, more: ConstructorParameters<typeof FakeWeir>[0] = {}): Promise<[FakeWeir, FakeWorker[]]> {
  const weir = new FakeWeir(more);
  expect(await weir.apply()).toEqual([]);
  return [weir, await weir.workers(n)];
}

function methods(weir: FakeWeir): string[] {
  return weir.process.got.map((m) => m.method);
}

describe("a process that several workers share", () => {
  test("gets the calls of all of them, and each gets its own answers", async () => {
    const [weir, [a, b, c]] = await started(3);
    const asked = [a!.ask(), b!.ask(), c!.ask(), a!.ask()];
    await weir.settled();
    expect(weir.fake.started).toHaveLength(1);
    const { got } = weir.process;
    expect(new Set(got.map((m) => m.id)).size).toBe(4);
    expect(new Set(got.map((m) => m.params["x"])).size).toBe(4);
    // What a worker says in one turn comes together.
    weir.process.answer(got[1]!.id!, { reset: true });
    weir.process.answer(got[2]!.id!, {});
    await weir.settled();
    expect(asked.map((q) => q.end)).toEqual(["", "ok", "", "ok"]);
    expect((await asked[3]!.call.answer) as unknown).toMatchObject({ reset: true });
  });

  test("sends binary frames to the one whom they concern, and gets those of all", async () => {
    const [weir, [a, b]] = await started(2);
    const p = weir.process;
    p.silent = true;
    const seen: unknown[] = [];
    for (const [w, name] of [
      [a!, "a"],
      [b!, "b"],
    ] as const) {
      const seat = w.pool.seat();
      const call = new ActionCall(w.pool, seat, "requestBody", 200, RULES, "", new TextEncoder().encode(`{"${name}":\n`));
      w.pool.call(call);
      w.pool.stream(seat, {
        onStream: (method, params, bytes) => seen.push([name, method, params["x"] === seat.x, new TextDecoder().decode(bytes!)]),
        onGone: () => {},
      });
    }
    await weir.settled();
    expect(p.written).toContain('"bytes":6}\n{"a":\n{"jsonrpc"');
    expect(p.written.endsWith('"bytes":6}\n{"b":\n')).toBe(true);
    const xs = [...p.written.matchAll(/"x":(\d+)/g)].map((m) => Number(m[1]));
    p.say(
      `{"jsonrpc":"2.0","method":"requestOut","params":{"x":${xs[1]}},"bytes":2}\n\n{{"jsonrpc":"2.0","method":"x","params":{}}`,
    );
    await weir.settled();
    expect(seen.splice(0)).toEqual([["b", "requestOut", true, "\n{"]]);
    // The line and its frame as chunks of their own.
    p.say(`{"jsonrpc":"2.0","method":"requestOut","params":{"x":${xs[0]}},"bytes":3}`);
    p.say("{{");
    p.say(`{"jsonrpc":"2.0","method":"requestOut","params":{"x":${xs[0]}},"bytes":2}`);
    p.say("}");
    await weir.settled();
    expect(seen).toEqual([
      ["a", "requestOut", true, "{{\n"],
      ["a", "requestOut", true, "}\n"],
    ]);
  });

  test("hears of the end of what a worker leaves open, and its late answers are nobody's", async () => {
    const [weir, [a, b]] = await started(2);
    const [lost, other] = [a!.ask(), b!.ask()];
    const done = a!.ask();
    await weir.settled();
    const p = weir.process;
    const [first, third, second] = p.got;
    p.answer(third!.id!, {});
    await weir.settled();
    a!.pool.leaveSeat(done.seat, true);
    await weir.settled();
    a!.die();
    await weir.settled();
    expect(p.got.slice(3).map((m) => [m.method, m.params])).toEqual([
      ["done", { x: third!.params["x"] }],
      ["cancel", { id: first!.id }],
      ["done", { x: first!.params["x"] }],
    ]);
    const successor = await new FakeWorker(weir).start();
    const again = successor.ask();
    await weir.settled();
    p.answer(first!.id!, { reset: true });
    p.answer(second!.id!, {});
    p.answer(p.got.at(-1)!.id!, {});
    await weir.settled();
    expect([lost.end, other.end, again.end]).toEqual(["gone", "ok", "ok"]);
    expect(weir.fake.started).toHaveLength(1);
  });

  test("that ends fails the calls of all, and comes back to all", async () => {
    const [weir, [a, b]] = await started(2);
    const asked = [a!.ask(), b!.ask()];
    await weir.settled();
    weir.process.exit(null, "SIGSEGV");
    await weir.settled();
    expect(asked.map((q) => q.end)).toEqual(["gone", "gone"]);
    const waiting = [a!.ask(), b!.ask()];
    await weir.fake.platform.advance(150);
    await weir.settled();
    expect([weir.fake.started.length, methods(weir)]).toEqual([2, ["requestHead", "requestHead"]]);
    for (const m of weir.process.got) weir.process.answer(m.id!, {});
    await weir.settled();
    expect(waiting.map((q) => q.end)).toEqual(["ok", "ok"]);
  });

  test("that crashes again and again fails calls at once, in all workers", async () => {
    const [weir, [a]] = await started(1);
    weir.fake.next = "dies";
    weir.process.exit(1);
    await weir.fake.platform.advance(2_000);
    await weir.settled();
    const asked = a!.ask();
    const late = (await new FakeWorker(weir).start()).ask();
    await weir.settled();
    expect([asked.end, late.end]).toEqual(["gone", "gone"]);
    weir.fake.next = "serves";
    await weir.fake.platform.advance(2_000);
    await weir.settled();
    const again = a!.ask();
    await weir.settled();
    weir.process.answer(weir.process.got.at(-1)!.id!, {});
    await weir.settled();
    expect(again.end).toBe("ok");
  });

  test("is ended when it sends what nobody asked for, whatever it looks like", async () => {
    for (const m of [
      { id: 4097, result: {} },
      { method: "requestOut", params: { x: 4097 } },
      { method: "endpoints", params: { watch: 4097 } },
    ]) {
      const [weir] = await started(1);
      const line = JSON.stringify({ jsonrpc: "2.0", ...m });
      for (let i = 0; i < 22; i++) weir.process?.say(Array.from({ length: 1000 }, () => line).join("\n"));
      await weir.settled();
      expect(weir.fake.started[0]!.ended).toBe("SIGKILL");
      expect(weir.fake.logged.join()).toContain("that nobody asked for");
    }
  });

  test("is ended by the worker to which it sends what that did not ask for", async () => {
    const [weir, [a]] = await started(1);
    a!.ask();
    await weir.settled();
    const p = weir.process;
    const line = JSON.stringify({ jsonrpc: "2.0", method: "requestOut", params: { x: p.got[0]!.params["x"] } });
    for (let i = 0; i < 22; i++) p.say(Array.from({ length: 1000 }, () => line).join("\n"));
    await weir.settled();
    expect(p.ended).toBe("SIGKILL");
  });

  test("that does not read keeps what waits in the workers", async () => {
    const [weir, [a, b]] = await started(2, { concurrency: 100 });
    const p = weir.process;
    p.queued = 2 * 1024 * 1024;
    a!.ask();
    await weir.settled();
    const taken = p.got.length;
    for (let i = 0; i < 10; i++) b!.ask();
    await weir.settled();
    expect([taken, p.got.length]).toEqual([1, 1]);
    p.queued = 0;
    await weir.fake.platform.advance(10);
    await weir.settled();
    expect(p.got.length).toBe(11);
  });

  test("tells endpoints to those that watch them, until they end", async () => {
    const [weir, [a, b]] = await started(2);
    const told: unknown[] = [];
    for (const w of [a!, b!])
      w.pool.endpoints.add({ cluster: "c", config: "null", told: (list) => told.push([w === a ? "a" : "b", list]) });
    await weir.settled();
    const p = weir.process;
    const [first, second] = p.got.map((m) => m.params["watch"]);
    p.say({ jsonrpc: "2.0", method: "endpoints", params: { watch: second, endpoints: [] } });
    await weir.settled();
    expect(told).toEqual([["b", []]]);
    a!.die();
    await weir.settled();
    expect([p.got.at(-1)!.method, p.got.at(-1)!.params]).toEqual(["unwatchEndpoints", { watch: first }]);
    expect(p.got).toHaveLength(3);
  });

  test("has its requests to clusters answered by a worker, or refused when that ends", async () => {
    const weir = new FakeWeir();
    await weir.apply();
    const heard: string[] = [];
    const calls = (name: string, answers: boolean) => ({
      notice: () => false,
      request: (
        p: { link: { answer(id: number | string, result: string): void } },
        id: number | string,
        method: string,
        m: Message,
      ) => {
        heard.push(`${name} ${method} ${String(m["path"])}`);
        if (answers) p.link.answer(id, '{"status":200}');
        return true;
      },
    });
    const a = await new FakeWorker(weir).start(calls("a", true));
    const b = await new FakeWorker(weir).start(calls("b", false));
    expect([a, b]).toHaveLength(2);
    for (const id of [1, "two"])
      weir.process.say({ jsonrpc: "2.0", id, method: "http", params: { cluster: "c", path: `/${id}` } });
    await weir.settled();
    expect(heard).toEqual(["a http /1", "b http /two"]);
    b.die();
    await weir.settled();
    expect(weir.process.got.map((m) => [m.id, (m as unknown as { result?: unknown }).result ?? "refused"])).toEqual([
      [1, { status: 200 }],
      ["two", "refused"],
    ] as never);
  });
});

describe("settings over workers", () => {
  test("are told once, until nobody has them", async () => {
    const [weir, [a, b]] = await started(2);
    const [one, two] = await Promise.all([a!.pool.configure({ v: 1 }), b!.pool.configure({ v: 1 })]);
    const other = await b!.pool.configure({ v: 2 });
    expect([one === two, one === other]).toEqual([true, false]);
    a!.pool.unconfigure(one as number);
    await weir.fake.platform.advance(2_000);
    expect(methods(weir)).toEqual([]);
    b!.die();
    await weir.fake.platform.advance(2_000);
    await weir.settled();
    expect(weir.process.got.map((m) => [m.method, m.params["config"]])).toEqual([
      ["unconfigure", one],
      ["unconfigure", other],
    ] as never);
  });

  test("that the process refuses are refused", async () => {
    const [weir, [a]] = await started(1);
    const p = weir.process;
    p.silent = true;
    const asked = a!.pool.configure({ bad: true });
    await weir.settled();
    const id = Number(/"id":(\d+),"method":"configure"/.exec(p.written)![1]);
    p.say({ jsonrpc: "2.0", id, error: { code: -32602, message: "bad is no setting" } });
    expect(await asked).toBe("bad is no setting");
  });
});

describe("versions of a shared plugin", () => {
  test("one that does not start is refused", async () => {
    const weir = new FakeWeir();
    weir.fake.next = "dies";
    expect(await weir.apply()).toEqual(["the plugin p is refused: it ended with code 1"]);
    expect(weir.shared.poolOf("p")).toBe(null);
  });

  test("the one before goes when the last worker has left it, and not before", async () => {
    const [weir, [a, b]] = await started(2);
    const open = a!.ask();
    await weir.settled();
    const before = weir.process;
    await weir.apply({ ...weir.spec, timeoutMs: 1 });
    a!.pool.close();
    b!.pool.close();
    await weir.settled();
    expect(before.ended).toBe("");
    before.answer(before.got[0]!.id!, {});
    await weir.settled();
    a!.pool.leaveSeat(open.seat, true);
    await weir.settled();
    expect([open.end, before.ended, before.got.at(-1)!.method]).toEqual(["ok", "code 0", "done"]);
  });

  test("a program that changed takes the settings of all before workers are told", async () => {
    const [weir, [a]] = await started(1);
    await a!.pool.configure({ v: 1 });
    const swapped: number[] = [];
    a!.door.onSwap = async (_, pool) => void swapped.push(pool);
    await weir.shared.renew("p", [a!]);
    await weir.settled();
    expect(swapped).toEqual([weir.shared.poolOf("p")!]);
    expect(weir.fake.started[1]!.written).toContain('"value":{"v":1}');
  });
});

describe("without a supervisor", () => {
  test("a worker has a process of its own, with the same settings, and calls wait for it", async () => {
    const [weir, [a]] = await started(1);
    const number = await a!.pool.configure({ v: 1 });
    const lost = a!.ask();
    await weir.settled();
    a!.door.orphaned();
    a!.streams[0]!.cut();
    await Promise.resolve();
    const waiting = a!.ask();
    await weir.settled();
    expect(lost.end).toBe("gone");
    const own = weir.fake.started[1]!;
    expect(own.written).toContain(`{"config":${number},"value":{"v":1}}`);
    own.answer(own.got.at(-1)!.id!, {});
    await weir.settled();
    expect([waiting.end, a!.metrics.ready.value]).toEqual(["ok", 1]);
    a!.pool.unconfigure(number as number);
    await weir.settled();
    expect(own.got.at(-1)!.method).toBe("unconfigure");
  });
});

test("processes are counted once, by the supervisor", async () => {
  const [weir, [a, b]] = await started(2);
  a!.ask();
  b!.ask();
  await weir.settled();
  expect([a!.metrics.ready.value, b!.metrics.ready.value]).toEqual([0, 0]);
  expect([a!.metrics.open.value, b!.metrics.open.value]).toEqual([1, 1]);
});
