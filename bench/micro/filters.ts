// What a filter of a module, a plugin's call and a handler cost within Weir, without sockets and processes: nanoseconds a request, beside
// a request without any. The plugin's other side is a function that answers at once.
//   bun bench/micro/filters.ts [filter|plugin|handler]        deno run -A --no-check bench/micro/filters.ts
import process from "node:process";
import { encodeLatin1 } from "../../src/base/bytes.ts";
import { prepareWebGlobals } from "../../src/exchange/web_globals.ts";
import type { Processes, ProcessHandler } from "../../src/platform/types.ts";
import app from "../plugins/app.ts";
import module from "../plugins/module.ts";
import { measure, measureAsync } from "./measure.ts";
import { firstReply, GET, openStub, REPLY, type StubServer } from "./stub_server.ts";

const CALLS = 3_000;
const REQUEST = encodeLatin1(GET);
const ANSWER = encodeLatin1(REPLY);
const TEXT = new TextDecoder();

/** All in the turn in which it came. */
function inOne({ down, ups }: StubServer): () => number {
  return () => {
    for (let i = 0; i < CALLS; i++) {
      down.handler.onData(REQUEST.slice());
      ups[0]!.handler.onData(ANSWER.slice());
    }
    return down.bytes;
  };
}

/** Each request waits for the turns that it takes to its upstream; `reply`: or to its reply. */
function inTurns({ down, ups }: StubServer, reply: boolean): () => Promise<number> {
  return async () => {
    let wake: () => void = () => {};
    if (reply) down.onWrite = () => wake();
    else ups[0]!.onWrite = () => wake();
    for (let i = 0; i < CALLS; i++) {
      const moved = new Promise<void>((resolve) => {
        wake = resolve;
      });
      down.handler.onData(REQUEST.slice());
      await moved;
      if (!reply) ups[0]!.handler.onData(ANSWER.slice());
    }
    return down.bytes;
  };
}

/** A plugin whose answers are there when its input has been written. */
function answering(phases: object, result: object): Processes {
  const spawn = (_p: unknown, h: ProcessHandler) => {
    const answer = (id: number, value: object): void =>
      queueMicrotask(() => h.onStdout!(encodeLatin1(`${JSON.stringify({ jsonrpc: "2.0", id, result: value })}\n`)));
    const write = (b: Uint8Array): boolean => {
      for (const line of TEXT.decode(b).trim().split("\n")) {
        if (line.includes('"method":"initialize"')) answer(1, { protocol: 1, name: "hello", version: "1", phases });
        else if (line.startsWith('{"jsonrpc":"2.0","id":')) answer(Number.parseInt(line.slice(22), 10), result);
      }
      return true;
    };
    return { pid: 1, queued: 0, write, endInput: () => {}, kill: () => true };
  };
  return { pid: 1, spawn, residentOf: () => null } as unknown as Processes;
}

async function filters(): Promise<void> {
  const plain = await openStub({});
  await firstReply(plain);
  measure("no filter", CALLS, inOne(plain));
  const provision = () => ({ open: () => module.open({} as never) });
  // Whatever it is by the config: `provision` makes it.
  const filtered = await openStub({ route: ", filters: [{ grpcWeb: {} }]" }, { provision });
  await firstReply(filtered);
  measure("a filter of two fields", CALLS, inOne(filtered));
}

async function plugins(): Promise<void> {
  const plain = await openStub({});
  await firstReply(plain);
  await measureAsync("no plugin", CALLS, inTurns(plain, false));
  for (const [name, phases, result] of [
    ["a plugin, which changes nothing", { requestHead: {} }, {}],
    ["a plugin, a field in and one out", { requestHead: { fields: ["user-agent"] } }, { fields: [["set", "x-hello", "curl"]] }],
  ] as const) {
    const config = { route: ", filters: [{ plugin: hello }]", more: "plugins: { hello: { command: /hello, ping: false } }\n" };
    const called = await openStub(config, { childProcesses: answering(phases, result) });
    await firstReply(called);
    await measureAsync(name, CALLS, inTurns(called, false));
  }
}

async function handlers(): Promise<void> {
  prepareWebGlobals(globalThis);
  const to = 'handler: { module: "/app.ts" }';
  for (const [name, main] of [
    ["a handler, a function", () => new Response("x".repeat(130))],
    ["a handler, an application of Hono", app],
  ] as const) {
    const served = await openStub({ to }, { loadModule: () => Promise.resolve({ default: main }) });
    await measureAsync(name, CALLS, inTurns(served, true));
  }
}

const WHICH = { filter: filters, plugin: plugins, handler: handlers };
const only = process.argv[2];
for (const [name, run] of Object.entries(WHICH)) if (only === undefined || only === name) await run();
process.exit(0);
