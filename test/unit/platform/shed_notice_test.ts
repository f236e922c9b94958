import { expect, test } from "bun:test";
import type { ProxyError } from "../../../src/base/error.ts";
import { ShedNotice } from "../../../src/platform/shed_notice.ts";

test("tells of shedding at once, and at a pace that a flood does not set", () => {
  const told: ProxyError[] = [];
  const notice = new ShedNotice({ kind: "tcp", host: "", port: 80 }, (e) => told.push(e));
  let now = 1000;
  for (let i = 0; i < 1000; i++) notice.shed(now);
  expect(told.length).toBe(1);
  expect(told[0]!.facts.code).toBe("noDescriptors");
  now += 99;
  notice.shed(now);
  expect(told.length).toBe(1);
  now += 1;
  notice.shed(now);
  expect(told.length).toBe(2);
});
