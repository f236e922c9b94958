import { test } from "bun:test";
import { AsyncLocalStorage } from "node:async_hooks";

const scope = new AsyncLocalStorage<AsyncDisposable[]>();

/** A test that runs beside others of its file, for it has all that it needs to itself: mostly it waits. What it has `opened` ends with it. */
export function scenario(name: string, run: () => Promise<void>): void {
  test.concurrent(name, () => {
    const open: AsyncDisposable[] = [];
    return scope.run(open, async () => {
      try {
        await run();
      } finally {
        for (const o of open.reverse()) await o[Symbol.asyncDispose]();
      }
    });
  });
}

/** Has `all` end with the scenario, the last first. */
export function opened(...all: AsyncDisposable[]): void {
  scope.getStore()!.push(...all);
}
