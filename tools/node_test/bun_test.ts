// bun:test's names on Node's test runner, as far as the adapters' shared cases use them. test/seam/platform_on_node_test.ts bundles them with this file.
import { describe, test as nodeTest } from "node:test";
import { expect } from "../deno_test/expect.ts";

export { describe, expect };

type Body = () => unknown;

export const test = Object.assign(
  (name: string, f: Body, timeout = 30_000) => {
    nodeTest(name, { timeout }, async () => {
      await f();
    });
  },
  {
    skip: (name: string, f: Body) => {
      nodeTest(name, { skip: true }, async () => {
        await f();
      });
    },
  },
);
