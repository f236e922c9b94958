import type { Closer, Platform, Timer } from "../platform/types.ts";
import type { Histogram } from "../telemetry/numbers.ts";

const PERIOD_MS = 100;

/** Observes how late a timer of 100 ms comes, in seconds: the only measure of the event loop that is right on every runtime. */
export function watchLoopLag(platform: Pick<Platform, "now" | "setTimer">, lag: Histogram): Closer {
  let due = platform.now() + PERIOD_MS;
  let timer: Timer = platform.setTimer(PERIOD_MS, onTimer);
  function onTimer(): void {
    const now = platform.now();
    lag.observe(Math.max(0, now - due) / 1000);
    due = now + PERIOD_MS;
    timer = platform.setTimer(PERIOD_MS, onTimer);
  }
  return { close: () => timer.cancel() };
}
