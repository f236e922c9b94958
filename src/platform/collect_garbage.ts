import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let found: (() => void) | null = null;

/**
 * Collects garbage of a runtime on V8, which shows its collector only to a context that is made after it was asked to. Where it can't be
 * had nothing happens.
 */
export function collectGarbage(): void {
  if (found === null) {
    setFlagsFromString("--expose-gc");
    const gc: unknown = runInNewContext("typeof gc === 'function' ? gc : null");
    found = typeof gc === "function" ? () => gc() : () => {};
  }
  found();
}
