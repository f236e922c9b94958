import { expect, test } from "bun:test";
import { localFault } from "../../../../src/base/error.ts";
import type { BodyOut, FilterExchange, Verdict } from "../../../../src/filter/types.ts";
import type { Seat } from "../../../../src/plugin/process/plugin_call.ts";
import type { PluginPool } from "../../../../src/plugin/process/plugin_pool.ts";
import { BodyStream } from "../../../../src/plugin/use/body_stream.ts";

const WINDOW = 10;

/** A stream with a window of 10 bytes, whose reader may be slow, and whose plugin is the test. */
function open(verdict: Verdict = null) {
  const due: { at: number | null } = { at: null };
  const told: string[] = [];
  const failures: string[] = [];
  const written: string[] = [];
  const rooms: (() => void)[] = [];
  const wheel = {
    schedule: (_: unknown, at: number) => {
      due.at = at;
    },
    remove: () => {
      due.at = null;
    },
  };
  const pool = { spec: { streamWindow: WINDOW }, wheel, now: () => 1000 } as unknown as PluginPool;
  const link = { notify: (method: string, params: string) => void told.push(`${method} ${params}`) };
  const seat = { x: 7, process: { link, kill: (why: string) => void failures.push(why) } } as unknown as Seat;
  const use = { pool, config: 0, timeoutMs: 200, binary: true, takesText: false };
  const stream = new BodyStream(use, seat, "response", (_phase, f) => {
    failures.push(f.message);
    return verdict;
  });
  const out = {
    write: (b: Uint8Array) => {
      written.push(new TextDecoder().decode(b));
      return false;
    },
    whenRoom: (f: () => void) => void rooms.push(f),
    end: () => undefined,
    reset: () => undefined,
  } as unknown as BodyOut;
  const data = (text: string) => stream.data({} as FilterExchange, new TextEncoder().encode(text), false, out);
  const says = (text: string) => stream.wrote({ x: 7 }, new TextEncoder().encode(text));
  return { verdict, stream, data, says, told, failures, written, rooms, due: () => due.at };
}

test("a plugin that owes credit has the deadline of a call for it", () => {
  const s = open();
  void s.data("abc");
  expect(s.due()).toBe(1200);
  s.stream.taken({ x: 7, bytes: 3 });
  expect(s.due()).toBeNull();
});

test("a plugin that waits for credit of its own is not late, however slow the client is", () => {
  const s = open();
  void s.data("abc");
  s.says("0123456789");
  expect(s.written).toEqual(["0123456789"]);
  expect(s.due()).toBeNull();
  s.rooms.shift()!();
  expect(s.told.at(-1)).toBe('responseTaken {"x":7,"bytes":10}');
  expect(s.due()).toBe(1200);
  expect(s.failures).toEqual([]);
});

test("a plugin that writes more than it has credit for is ended", () => {
  const s = open();
  void s.data("abc");
  s.says("0123456789a");
  expect(s.failures).toEqual(["it wrote more of a body than it had credit for: 11 bytes"]);
});

test("what a plugin writes before the first piece goes on with that, and not before", () => {
  const s = open();
  s.says("early");
  expect(s.written).toEqual([]);
  void s.data("abc");
  expect(s.written).toEqual(["early"]);
  expect(s.failures).toEqual([]);
});

test("a plugin that writes without end before the first piece is ended", () => {
  const s = open();
  for (let i = 0; i < 11; i++) s.says("");
  expect(s.failures).toEqual(["it wrote more of a body that has not come yet than it had credit for"]);
});

test("a plugin that is gone before the first piece fails the body with that, or is left out", () => {
  const lost = open(localFault("filterFailed", 503, "it failed"));
  lost.stream.gone("it has ended");
  expect(lost.data("abc")).toBe(lost.verdict);
  const passes = open();
  passes.says("early");
  passes.stream.gone("it has ended");
  void passes.data("abc");
  expect(passes.written).toEqual(["abc"]);
});
