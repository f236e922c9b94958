import { describe, expect, test } from "bun:test";
import { type Flushable, Flusher } from "../../../src/wire/flusher.ts";

class Item implements Flushable {
  dirty = false;
  flushes = 0;
  onFlush: (() => void) | null = null;

  flush(): void {
    this.flushes++;
    this.onFlush?.();
  }
}

function setUp(): { clock: { now: number; reads: number }; flusher: Flusher } {
  const clock = { now: 0, reads: 0 };
  const flusher = new Flusher(() => {
    clock.reads++;
    return clock.now;
  });
  clock.reads = 0;
  return { clock, flusher };
}

describe("Flusher", () => {
  test("flushes each that was marked once, when the outermost event is over", () => {
    const { flusher } = setUp();
    const [a, b] = [new Item(), new Item()];
    flusher.enter();
    flusher.mark(a);
    flusher.enter();
    flusher.mark(a);
    flusher.mark(b);
    flusher.leave();
    expect([a.flushes, b.flushes]).toEqual([0, 0]);
    flusher.leave();
    expect([a.flushes, b.flushes]).toEqual([1, 1]);
    expect(a.dirty).toBe(false);
    flusher.enter();
    flusher.leave();
    expect([a.flushes, b.flushes]).toEqual([1, 1]);
  });

  test("reads the clock once an event", () => {
    const { clock, flusher } = setUp();
    clock.now = 5;
    expect(flusher.now).toBe(0);
    flusher.enter();
    clock.now = 6;
    flusher.enter();
    flusher.leave();
    expect(flusher.now).toBe(5);
    flusher.leave();
    expect(clock.reads).toBe(1);
  });

  test("what is marked while flushing follows in the same pass", () => {
    const { flusher } = setUp();
    const [a, b] = [new Item(), new Item()];
    a.onFlush = () => {
      if (a.flushes < 3) {
        flusher.enter();
        flusher.mark(a);
        flusher.mark(b);
        flusher.leave();
      }
    };
    flusher.enter();
    flusher.mark(a);
    flusher.leave();
    expect([a.flushes, b.flushes]).toEqual([3, 1]);
  });

  test("outside of events it flushes at the end of the turn's microtasks", async () => {
    const { clock, flusher } = setUp();
    const [a, b] = [new Item(), new Item()];
    clock.now = 9;
    flusher.mark(a);
    flusher.mark(b);
    flusher.mark(a);
    expect(a.flushes).toBe(0);
    await Promise.resolve();
    expect([a.flushes, b.flushes]).toEqual([1, 1]);
    expect(flusher.now).toBe(9);
    expect(clock.reads).toBe(1);
  });

  test("an event before the microtask takes what waits along", async () => {
    const { flusher } = setUp();
    const a = new Item();
    flusher.mark(a);
    flusher.enter();
    flusher.leave();
    expect(a.flushes).toBe(1);
    await Promise.resolve();
    expect(a.flushes).toBe(1);
  });

  test("a throw of one does not keep the others' bytes", async () => {
    const { flusher } = setUp();
    const [a, b, c] = [new Item(), new Item(), new Item()];
    a.onFlush = () => {
      throw new Error("no");
    };
    flusher.enter();
    for (const i of [a, b, c]) flusher.mark(i);
    expect(() => flusher.leave()).toThrow("no");
    await Promise.resolve();
    expect([a.flushes, b.flushes, c.flushes]).toEqual([1, 1, 1]);
    a.onFlush = null;
    flusher.enter();
    flusher.mark(a);
    flusher.leave();
    expect([a.flushes, b.flushes]).toEqual([2, 1]);
  });
});
