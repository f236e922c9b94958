import { expect, test } from "bun:test";
import { loadUvBinding, UV_EOF } from "../../../src/platform/uv_binding.ts";

const onDeno = "Deno" in globalThis;

test.skipIf(!onDeno)("Deno's handles are where they are looked for", () => {
  const binding = loadUvBinding();
  expect(binding).not.toBe(null);
  expect(binding!.name(UV_EOF)).toBe("EOF");
  expect(binding!.state).toBeInstanceOf(Int32Array);
  binding!.open().close();
});

test.skipIf(onDeno)("a runtime without them gives none", () => {
  expect(loadUvBinding()).toBe(null);
});
