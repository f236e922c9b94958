import { expect, test } from "bun:test";
import type { RequestCall } from "../plugin.ts";
import { head, Line, settled } from "./line.ts";

test("answers of calls that come together go out together", async () => {
  const line = new Line({ name: "p", version: "1", requestHead: { handle: () => null } });
  await line.start();
  line.writes = 0;
  line.send(head(2), head(3), head(4));
  await settled();
  expect(line.said).toEqual([2, 3, 4].map((id) => ({ jsonrpc: "2.0", id, result: {} })));
  expect(line.writes).toBe(1);
});

test("a handler's promise does not hold up other calls", async () => {
  const slow = Promise.withResolvers<null>();
  const handle = (call: RequestCall<unknown>) => (call.request.path === "/slow" ? slow.promise : null);
  const line = new Line({ name: "p", version: "1", requestHead: { handle } });
  await line.start();
  line.send(head(2, 1, "/slow"), head(3, 2));
  await settled();
  expect(line.said.map((m) => m["id"])).toEqual([3]);
  slow.resolve(null);
  await settled();
  expect(line.said.map((m) => m["id"])).toEqual([3, 2]);
});

test("a signal that is asked for late is aborted all the same", async () => {
  let seen: AbortSignal | null = null;
  const handle = async (call: RequestCall<unknown>) => {
    await settled();
    seen = call.signal;
    return null;
  };
  const line = new Line({ name: "p", version: "1", requestHead: { handle } });
  await line.start();
  line.send(head(2), { method: "cancel", params: { id: 2 } });
  await settled();
  await settled();
  expect(seen!.aborted).toBe(true);
});

test("state is shared by the handlers of an exchange, told to done, and forgotten", async () => {
  const told: unknown[] = [];
  const line = new Line({
    name: "p",
    version: "1",
    requestHead: { handle: (call) => void call.state.set("path", call.request.path) as undefined },
    responseHead: { handle: (call) => ({ fields: [["set", "x-path", String(call.state.get("path"))]] }) },
    done: (x, state) => void told.push(x, state.get("path")),
  });
  await line.start();
  const reply = { method: "responseHead", params: { x: 7, config: 0, deadlineMs: 100, response: { status: 200 } } };
  line.send(head(2, 7, "/a"), { id: 3, ...reply }, { method: "done", params: { x: 7 } }, { id: 4, ...reply });
  await settled();
  expect(told).toEqual([7, "/a"]);
  expect(line.said.map((m) => JSON.stringify(m["result"]))).toEqual([
    "{}",
    '{"fields":[["set","x-path","/a"]]}',
    '{"fields":[["set","x-path","undefined"]]}',
  ]);
});

test("state that is asked for when the exchange is over is not kept", async () => {
  const states: Map<string, unknown>[] = [];
  const line = new Line({
    name: "p",
    version: "1",
    requestHead: {
      handle: async (call) => {
        await settled();
        states.push(call.state);
        return null;
      },
    },
    responseHead: { handle: (call) => void states.push(call.state) as undefined },
  });
  await line.start();
  line.send(head(2), { method: "done", params: { x: 7 } });
  await settled();
  await settled();
  line.send({ id: 3, method: "responseHead", params: { x: 7, config: 0, deadlineMs: 100, response: { status: 200 } } });
  expect(states.length).toBe(2);
  expect(states[0]).not.toBe(states[1]!);
});

test("a host call that is open when the host goes is rejected, then stop is called", async () => {
  const told: string[] = [];
  const line = new Line({
    name: "p",
    version: "1",
    requestHead: {
      handle: (_, host) =>
        host.kv.get("k").then(
          () => null,
          (e: Error) => void told.push(e.message) as undefined,
        ),
    },
    stop: (host) => host.kv.set("k", 1).catch((e: Error) => void told.push(`stop: ${e.message}`)),
  });
  await line.start();
  line.send(head(2));
  await line.session.inputEnded();
  await settled();
  expect(told).toEqual(["the host is gone", "stop: the host is gone"]);
  expect(line.ended).toBe(0);
});

test("batches of records are handed over one after another, and those that come too fast are lost and counted", async () => {
  const seen: [number, number][] = [];
  const first = Promise.withResolvers<void>();
  const line = new Line({
    name: "p",
    version: "1",
    log: {
      handle: (records, lost) => {
        seen.push([records.length, lost]);
        return seen.length === 1 ? first.promise : undefined;
      },
    },
  });
  await line.start();
  const batch = { method: "log", params: { records: [{}, {}] } };
  for (let i = 0; i < 70; i++) line.send(batch);
  await settled();
  expect(seen).toEqual([[2, 0]]);
  first.resolve();
  await settled();
  line.send(batch);
  await settled();
  expect(seen.length).toBe(66);
  expect(seen[1]).toEqual([2, 10]);
});

test("an answer longer than a message may be fails its call alone", async () => {
  const line = new Line({
    name: "p",
    version: "1",
    requestHead: { handle: () => ({ respond: { status: 200, text: "a".repeat(1000) } }) },
  });
  await line.start({ limits: { messageBytes: 500 } });
  line.send(head(2));
  await settled();
  expect(line.said).toMatchObject([{ id: 2, error: { code: -32002 } }]);
});

test("a stream's handler that throws at once gives the body up", async () => {
  const line = new Line({
    name: "p",
    version: "1",
    requestBody: {
      mode: "streamed",
      handle: () => {
        throw new Error("oh");
      },
    },
  });
  await line.start();
  line.send({ method: "requestData", params: { x: 7, config: 0, text: "a" } });
  await settled();
  expect(line.said).toEqual([{ jsonrpc: "2.0", method: "requestOut", params: { x: 7, error: "oh" } }]);
});

test("what a stream's generator holds is let go when the exchange is over", async () => {
  let isLeft = false;
  const line = new Line({
    name: "p",
    version: "1",
    requestBody: {
      mode: "streamed",
      async *handle(body) {
        try {
          for await (const piece of body) yield piece;
          return undefined;
        } finally {
          isLeft = true;
        }
      },
    },
  });
  await line.start();
  line.send({ method: "requestData", params: { x: 7, config: 0, text: "a" } });
  await settled();
  line.send({ method: "done", params: { x: 7 } });
  await settled();
  expect(isLeft).toBe(true);
  expect(line.said.map((m) => m["method"])).toEqual(["requestOut", "requestTaken"]);
});
