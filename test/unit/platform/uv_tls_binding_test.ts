import { expect, test } from "bun:test";
import { findCoupling } from "../../../src/platform/deno_tls_flow.ts";
import { loadUvBinding } from "../../../src/platform/uv_binding.ts";
import { loadUvTlsBinding } from "../../../src/platform/uv_tls_binding.ts";

const onDeno = "Deno" in globalThis;

test.skipIf(!onDeno)("Deno's TLS is where it is looked for", () => {
  const tls = loadUvTlsBinding(loadUvBinding()!);
  expect(tls).not.toBe(null);
  expect(typeof tls!.open("client").receive).toBe("function");
  // What carries unix sockets, and all others where the above is missing.
  expect(findCoupling()).toBe(true);
});
