import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Timed, TimerWheel } from "../../../src/base/timer_wheel.ts";

const GRAIN_MS = 16;
const ROTATION_MS = 4096 * GRAIN_MS;

/** A clock that stands until it is moved, and one-shot timers that fire when it passes them. */
class Clock {
  now = 0;
  armed = 0;
  #timers: { at: number; f: () => void }[] = [];

  arm = (ms: number, f: () => void): { cancel(): void } => {
    this.armed++;
    const timer = { at: this.now + ms, f };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((t) => t !== timer);
      },
    };
  };

  get pending(): number {
    return this.#timers.length;
  }

  /** To `to`, with a stop at each timer. */
  advance(to: number): void {
    for (;;) {
      const next = this.#timers.filter((t) => t.at <= to).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((t) => t !== next);
      this.now = Math.max(this.now, next.at);
      next.f();
    }
    this.now = to;
  }

  /** To `to` at once, as a busy or sleeping machine does; then what is due. */
  jump(to: number): void {
    this.now = to;
    this.advance(to);
  }
}

class Entry extends Timed {
  readonly calls: number[] = [];
  onCall: (() => void) | null = null;

  onDue(now: number): void {
    this.calls.push(now);
    this.onCall?.();
  }
}

function setUp(): { clock: Clock; wheel: TimerWheel } {
  const clock = new Clock();
  return { clock, wheel: new TimerWheel(() => clock.now, clock.arm) };
}

describe("TimerWheel", () => {
  test("calls once, never early and at most a grain late", () => {
    const { clock, wheel } = setUp();
    const e = new Entry();
    wheel.schedule(e, 100);
    expect(wheel.size).toBe(1);
    clock.advance(99.9);
    expect(e.calls).toEqual([]);
    clock.advance(116);
    expect(e.calls).toHaveLength(1);
    expect(e.calls[0]!).toBeGreaterThanOrEqual(100);
    clock.advance(10 * ROTATION_MS);
    expect(e.calls).toHaveLength(1);
    expect(wheel.size).toBe(0);
  });

  test("looks no longer at an earlier arrangement", () => {
    const { clock, wheel } = setUp();
    const e = new Entry();
    wheel.schedule(e, 100);
    wheel.schedule(e, 500);
    wheel.schedule(e, 300);
    clock.advance(299);
    expect(e.calls).toEqual([]);
    clock.advance(320);
    expect(e.calls).toHaveLength(1);
    clock.advance(1000);
    expect(e.calls).toHaveLength(1);
  });

  test("forgets what is removed, and Infinity removes", () => {
    const { clock, wheel } = setUp();
    const [a, b] = [new Entry(), new Entry()];
    wheel.schedule(a, 100);
    wheel.schedule(b, 100);
    wheel.remove(a);
    wheel.remove(a);
    wheel.schedule(b, Number.POSITIVE_INFINITY);
    expect(wheel.size).toBe(0);
    clock.advance(1000);
    expect([a.calls, b.calls]).toEqual([[], []]);
  });

  test("a deadline that has passed is called soon", () => {
    const { clock, wheel } = setUp();
    clock.advance(1000);
    const e = new Entry();
    wheel.schedule(e, 10);
    clock.advance(1000 + GRAIN_MS);
    expect(e.calls).toHaveLength(1);
  });

  test("keeps deadlines beyond a rotation", () => {
    const { clock, wheel } = setUp();
    const [near, far] = [new Entry(), new Entry()];
    wheel.schedule(near, 160);
    wheel.schedule(far, 160 + 3 * ROTATION_MS);
    clock.advance(160 + 3 * ROTATION_MS - 1);
    expect(near.calls).toHaveLength(1);
    expect(far.calls).toEqual([]);
    clock.advance(160 + 3 * ROTATION_MS + GRAIN_MS);
    expect(far.calls).toHaveLength(1);
  });

  test("finds everything after the machine slept for hours", () => {
    const { clock, wheel } = setUp();
    const entries = Array.from({ length: 50 }, (_, i) => {
      const e = new Entry();
      wheel.schedule(e, i * 3000);
      return e;
    });
    clock.jump(10_000_000);
    expect(entries.every((e) => e.calls.length === 1)).toBe(true);
    const later = new Entry();
    wheel.schedule(later, 10_000_050);
    clock.advance(10_000_100);
    expect(later.calls).toHaveLength(1);
  });

  test("an entry may schedule itself and others when it is called", () => {
    const { clock, wheel } = setUp();
    const [a, b] = [new Entry(), new Entry()];
    a.onCall = () => {
      if (a.calls.length < 3) wheel.schedule(a, clock.now + 100);
      wheel.schedule(b, clock.now);
    };
    wheel.schedule(a, 100);
    clock.advance(1000);
    expect(a.calls).toHaveLength(3);
    expect(b.calls).toHaveLength(3);
  });

  test("one that another removes in the same turn is not called, one put off is called later", () => {
    const { clock, wheel } = setUp();
    const [a, b, c] = [new Entry(), new Entry(), new Entry()];
    const act = (): void => {
      for (const e of [a, b, c]) e.onCall = null;
      for (const e of [a, b]) if (e.calls.length === 0) wheel.remove(e);
      if (c.calls.length === 0) wheel.schedule(c, 500);
    };
    for (const e of [a, b, c]) {
      e.onCall = act;
      wheel.schedule(e, 100);
    }
    clock.jump(100 + GRAIN_MS);
    expect(a.calls.length + b.calls.length + c.calls.length).toBe(1);
    clock.advance(1000);
    if (c.calls[0]! > 200) expect(c.calls[0]!).toBeGreaterThanOrEqual(500);
    expect(c.calls).toHaveLength(1);
    expect(a.calls.length + b.calls.length).toBeLessThanOrEqual(1);
    expect(wheel.size).toBe(0);
  });

  test("a throw is told once all others have been called, and the wheel turns on", () => {
    const { clock, wheel } = setUp();
    const [a, b, c] = [new Entry(), new Entry(), new Entry()];
    a.onCall = b.onCall = () => {
      throw new Error("no");
    };
    for (const e of [a, b, c]) wheel.schedule(e, 100);
    const later = new Entry();
    wheel.schedule(later, 400);
    expect(() => clock.advance(200)).toThrow("no");
    expect([a, b, c].map((e) => e.calls.length)).toEqual([1, 1, 1]);
    clock.advance(500);
    expect(later.calls).toHaveLength(1);
  });

  test("arms no timer when nothing waits, and none anew for a deadline behind the next", () => {
    const { clock, wheel } = setUp();
    expect(clock.pending).toBe(0);
    wheel.schedule(new Entry(), 100);
    const armed = clock.armed;
    for (let i = 0; i < 100; i++) wheel.schedule(new Entry(), 200 + i);
    expect(clock.armed).toBe(armed);
    clock.advance(1000);
    expect(clock.pending).toBe(0);
  });

  test("close cancels its timer", () => {
    const { clock, wheel } = setUp();
    const e = new Entry();
    wheel.schedule(e, 100);
    wheel.close();
    expect(clock.pending).toBe(0);
    clock.advance(1000);
    expect(e.calls).toEqual([]);
  });
});

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("schedule" as const),
      who: fc.nat(7),
      by: fc.oneof(fc.nat(400), fc.nat(3 * ROTATION_MS)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), who: fc.nat(7), by: fc.constant(0) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("advance" as const),
      who: fc.constant(0),
      by: fc.oneof(fc.nat(200), fc.nat(2 * ROTATION_MS)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("jump" as const), who: fc.constant(0), by: fc.nat(3 * ROTATION_MS) }) },
);

test("does what a list of deadlines would do", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { clock, wheel } = setUp();
      const entries = Array.from({ length: 8 }, () => new Entry());
      const due: (number | null)[] = entries.map(() => null);
      let called = 0;
      for (const [i, e] of entries.entries()) {
        e.onCall = () => {
          const at = due[i]!;
          if (at === null) throw new Error("called without a deadline");
          if (clock.now < at) throw new Error(`called at ${clock.now}, early for ${at}`);
          due[i] = null;
          called++;
        };
      }
      for (const s of steps) {
        if (s.do === "schedule") {
          const at = clock.now + s.by;
          wheel.schedule(entries[s.who]!, at);
          due[s.who] = at;
        } else if (s.do === "remove") {
          wheel.remove(entries[s.who]!);
          due[s.who] = null;
        } else if (s.do === "advance") clock.advance(clock.now + s.by);
        else clock.jump(clock.now + s.by);
        expect(wheel.size).toBe(due.filter((d) => d !== null).length);
        // Two grains: what was late when it was scheduled waits for the next slot.
        for (const d of due) if (d !== null) expect(d).toBeGreaterThan(clock.now - 2 * GRAIN_MS);
      }
      clock.advance(clock.now + 4 * ROTATION_MS);
      expect(due.every((d) => d === null)).toBe(true);
      expect(called).toBe(entries.reduce((n, e) => n + e.calls.length, 0));
    }),
    { numRuns: 300 },
  );
});
