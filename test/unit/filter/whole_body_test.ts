import { expect, test } from "bun:test";
import { encodeLatin1, latin1 } from "../../../src/base/bytes.ts";
import { WholeBody } from "../../../src/filter/whole_body.ts";

function shown(b: Uint8Array): string {
  return latin1(b, 0, b.length);
}

test("parts become one, and a single one stays where it is", () => {
  const body = new WholeBody(100);
  const first = encodeLatin1("abc");
  expect(body.add(first)).toBe(true);
  expect(body.take()).toBe(first);
  for (const part of ["a", "", "bc", "d".repeat(20)]) expect(body.add(encodeLatin1(part))).toBe(true);
  expect(body.length).toBe(23);
  expect(shown(body.take())).toBe(`abc${"d".repeat(20)}`);
  expect([body.length, body.take().length]).toEqual([0, 0]);
});

test("more than the limit is not taken, and what is there stays", () => {
  const body = new WholeBody(4);
  expect(body.add(encodeLatin1("abc"))).toBe(true);
  expect(body.add(encodeLatin1("de"))).toBe(false);
  expect(body.add(encodeLatin1("d"))).toBe(true);
  expect(shown(body.take())).toBe("abcd");
});

test("memory stays near the limit, however small the parts are", () => {
  const limit = 100_000;
  const body = new WholeBody(limit);
  for (let i = 0; i < limit; i++) body.add(Uint8Array.of(i & 0xff));
  const whole = body.take();
  expect(whole.length).toBe(limit);
  expect(whole.buffer.byteLength).toBeLessThanOrEqual(limit);
  expect([whole[0], whole[255], whole[256], whole[limit - 1]]).toEqual([0, 255, 0, (limit - 1) & 0xff]);
});
