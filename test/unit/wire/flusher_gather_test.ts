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

/** A turn that ends when the test says so. */
function setUp(): { flusher: Flusher; turn: { ends: (() => void)[] }; clock: { now: number }; endTurn: () => void } {
  const turn: { ends: (() => void)[] } = { ends: [] };
  const clock = { now: 0 };
  const flusher = new Flusher(
    () => clock.now,
    (f) => turn.ends.push(f),
  );
  const endTurn = (): void => {
    for (const f of turn.ends.splice(0)) f();
  };
  return { flusher, turn, clock, endTurn };
}

describe("Flusher.gather", () => {
  test("flushes once for all events of a turn, with the clock of its end", () => {
    const { flusher, turn, clock, endTurn } = setUp();
    const [a, b] = [new Item(), new Item()];
    for (const item of [a, b, a]) {
      flusher.enter();
      flusher.gather(item);
      flusher.leave();
    }
    expect([a.flushes, b.flushes, turn.ends.length]).toEqual([0, 0, 1]);
    clock.now = 7;
    endTurn();
    expect([a.flushes, b.flushes, a.dirty, flusher.now]).toEqual([1, 1, false, 7]);
    endTurn();
    expect([a.flushes, b.flushes]).toEqual([1, 1]);
  });

  test("what is gathered while flushing follows in the next turn, what is marked in the same one", () => {
    const { flusher, endTurn } = setUp();
    const [a, marked, gathered] = [new Item(), new Item(), new Item()];
    a.onFlush = () => {
      flusher.mark(marked);
      flusher.gather(gathered);
    };
    flusher.gather(a);
    endTurn();
    expect([a.flushes, marked.flushes, gathered.flushes]).toEqual([1, 1, 0]);
    endTurn();
    expect([a.flushes, gathered.flushes]).toEqual([1, 1]);
  });

  test("a throw loses nobody else's output", async () => {
    const { flusher, endTurn } = setUp();
    const [bad, good] = [new Item(), new Item()];
    bad.onFlush = () => {
      throw new Error("of this one");
    };
    flusher.gather(bad);
    flusher.gather(good);
    expect(endTurn).toThrow("of this one");
    await Promise.resolve();
    expect([good.flushes, good.dirty]).toEqual([1, false]);
  });

  test("where one event is told at a time, its end is the turn's", () => {
    const flusher = new Flusher(() => 0);
    const item = new Item();
    flusher.enter();
    flusher.gather(item);
    expect(item.flushes).toBe(0);
    flusher.leave();
    expect(item.flushes).toBe(1);
  });
});
