import { expect, test } from "bun:test";
import { lowerFault } from "../../../../../src/source/file/lower/fault.ts";
import { faultSchema } from "../../../../../src/source/file/schema/fault.ts";
import { lowerPart } from "./lower_part.ts";

function fault(text: string) {
  return lowerPart(text, faultSchema, (c, report) => lowerFault(c, [], report));
}

test("every setting of a fault", () => {
  const text = `{ delay: { for: 2s, share: 10% }, abort: { status: 429, grpcStatus: 8, share: 0.5 }, headers: { X-Fault: "on" }, maxActive: 100 }`;
  expect(fault(text)).toEqual({
    spec: {
      kind: "fault",
      delay: { share: 0.1, ms: 2000 },
      abort: { share: 0.5, status: 429, grpcStatus: 8 },
      headers: [{ name: "x-fault", value: "on" }],
      maxActive: 100,
    },
    problems: [],
  });
});

test("a fault is for all requests unless it says otherwise", () => {
  const none = { kind: "fault", delay: null, abort: null, headers: [], maxActive: Number.POSITIVE_INFINITY } as const;
  expect(fault("{ delay: { for: 1s } }").spec).toEqual({ ...none, delay: { share: 1, ms: 1000 } });
  expect(fault("{ abort: {} }").spec).toEqual({ ...none, abort: { share: 1, status: 503, grpcStatus: null } });
});

test("a fault in which nothing goes wrong is told, and so are values", () => {
  expect(fault("{}").problems).toEqual(["say what goes wrong: found neither delay nor abort"]);
  expect(fault("{ delay: { share: 5 }, abort: { status: 99, grpcStatus: 0 }, maxActive: 0 }").problems).toEqual([
    'add the key "for": found none, wanted a duration such as "250ms", "5s", "1m30s" or "1h"',
    "change the share: found 5, wanted 0% to 100%",
    "change the number: found 99, wanted a final status from 200 to 599",
    "change the number: found 0, wanted a whole number from 1 to 16",
    "change the number: found 0, wanted a whole number from 1 to 2147483647",
  ]);
});
