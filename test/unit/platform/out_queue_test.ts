import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BIG_CHUNK, markSole } from "../../../src/base/sole_view.ts";
import { OutQueue } from "../../../src/platform/out_queue.ts";

describe("out queue", () => {
  test("gives its bytes in order, however they are taken, and calls a mark when the bytes before it are gone", () => {
    const piece = fc.oneof(
      fc.record({ kind: fc.constant("push" as const), size: fc.nat(300), from: fc.nat(50), mark: fc.boolean() }),
      fc.record({ kind: fc.constant("take" as const), size: fc.integer({ min: 1, max: 400 }) }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (steps) => {
        const q = new OutQueue();
        const wanted: number[] = [];
        const got: number[] = [];
        const marks: { at: number; called: boolean }[] = [];
        const scratch = new Uint8Array(64);
        let next = 0;
        for (const s of steps) {
          if (s.kind === "push") {
            const part = Uint8Array.from({ length: s.size }, () => next++);
            const from = Math.min(s.from, part.length);
            q.push(part, from);
            wanted.push(...part.subarray(from));
            if (s.mark) {
              const m = { at: wanted.length, called: false };
              marks.push(m);
              q.mark(() => {
                m.called = true;
              });
            }
          } else if (q.bytes > 0) {
            const whole = s.size % 2 === 0 && !q.single;
            const front = whole ? scratch.subarray(0, q.gather(scratch)) : q.first.subarray(q.offset);
            const n = Math.min(s.size, front.length);
            got.push(...front.subarray(0, n));
            q.advance(n);
          }
          for (let f = q.due(); f !== null; f = q.due()) f();
          expect(q.bytes).toBe(wanted.length - got.length);
          for (const m of marks) expect(m.called).toBe(got.length >= m.at);
        }
        expect(got).toEqual(wanted.slice(0, got.length));
      }),
    );
  });

  test("lets go of what has left", () => {
    const q = new OutQueue();
    for (let i = 0; i < 200; i++) q.push(Uint8Array.of(i), 0);
    for (let i = 0; i < 199; i++) q.advance(1);
    expect(q.single).toBe(true);
    expect(q.first[0]).toBe(199);
    q.advance(1);
    expect(q.bytes).toBe(0);
  });

  test("frees a received chunk when the whole of it has left, and nothing that is not its own", () => {
    const q = new OutQueue();
    const received = new Uint8Array(BIG_CHUNK);
    markSole(received);
    const shared = new Uint8Array(BIG_CHUNK);
    q.push(received, 10);
    q.push(shared, 0);
    q.advance(received.length - 11);
    expect(received.length).toBe(BIG_CHUNK);
    q.advance(1 + shared.length);
    expect(received.length).toBe(0);
    expect(shared.length).toBe(BIG_CHUNK);
  });
});
