import { expect, test } from "bun:test";
import { Turns } from "../../../src/base/turns.ts";

test("one at a time, in the order of their coming", async () => {
  const turns = new Turns();
  const said: string[] = [];
  const one = async (name: string): Promise<void> => {
    const release = await turns.take();
    said.push(`${name} in`);
    await Promise.resolve();
    await Promise.resolve();
    said.push(`${name} out`);
    release();
  };
  await Promise.all([one("a"), one("b"), one("c")]);
  expect(said).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
});

test("releasing twice lets nobody in twice", async () => {
  const turns = new Turns();
  const first = await turns.take();
  const second = turns.take();
  first();
  first();
  const release = await second;
  let third = false;
  void turns.take().then(() => {
    third = true;
  });
  await Promise.resolve();
  await Promise.resolve();
  expect(third).toBe(false);
  release();
});
