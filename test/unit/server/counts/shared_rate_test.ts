import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LocalRate } from "../../../../src/server/counts/local_rate.ts";
import { SharedRate } from "../../../../src/server/counts/shared_rate.ts";

class Clock {
  /** Milliseconds. */
  now = 1_700_000;
  readonly micros = (): number => this.now * 1000;
}

function admitted(rates: readonly SharedRate[], of: number): number {
  let n = 0;
  for (let i = 0; i < of; i++) if (rates[i % rates.length]!.admits()) n++;
  return n;
}

describe("a rate of several processes", () => {
  test("is one bucket for all of them", () => {
    const times = new BigInt64Array(2);
    const clock = new Clock();
    const rates = Array.from({ length: 3 }, () => new SharedRate(times, 1, { perSecond: 10, burst: 5 }, clock.micros));
    expect(admitted(rates, 20)).toBe(5);
    clock.now += 99;
    expect(admitted(rates, 20)).toBe(0);
    clock.now += 1;
    expect(admitted(rates, 20)).toBe(1);
    clock.now += 1000;
    expect(admitted(rates, 20)).toBe(5);
    expect(times[0]).toBe(0n);
  });

  test("lets through what a bucket of one process does", () => {
    const steps = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 100 });
    // Rates whose parts of a token are exact in binary.
    const rate = fc.constantFrom(125, 250, 500, 1000);
    fc.assert(
      fc.property(steps, rate, fc.integer({ min: 1, max: 20 }), (waits, perSecond, burst) => {
        const clock = new Clock();
        const shared = new SharedRate(new BigInt64Array(1), 0, { perSecond, burst }, clock.micros);
        const local = new LocalRate({ perSecond, burst });
        for (const wait of waits) {
          clock.now += wait;
          expect(shared.admits()).toBe(local.admits(clock.now));
        }
      }),
    );
  });

  test("a rate that is changed goes on in the same word", () => {
    const times = new BigInt64Array(1);
    const clock = new Clock();
    expect(admitted([new SharedRate(times, 0, { perSecond: 1, burst: 60 }, clock.micros)], 100)).toBe(60);
    const other = [new SharedRate(times, 0, { perSecond: 1, burst: 5 }, clock.micros)];
    expect(admitted(other, 100)).toBe(5);
    clock.now += 1000;
    expect(admitted(other, 100)).toBe(1);
  });
});
