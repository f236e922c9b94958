import { expect, test } from "bun:test";
import { lowerAdmission } from "../../../../../src/source/file/lower/admission.ts";
import { admissionSchema } from "../../../../../src/source/file/schema/admission.ts";
import { lowerPart } from "./lower_part.ts";

function admission(text: string) {
  return lowerPart(text, admissionSchema, (c, report) => lowerAdmission(c, [], report));
}

test("every setting of admission control, and its defaults", () => {
  const text = "{ window: 1m, threshold: 90%, aggression: 2, minRate: 1.5, maxRejection: 50%, wait: 100ms }";
  expect(admission(text)).toEqual({
    spec: { kind: "admission", windowMs: 60_000, threshold: 0.9, aggression: 2, minRate: 1.5, maxRejection: 0.5, waitMs: 100 },
    problems: [],
  });
  expect(admission("{}").spec).toEqual({
    kind: "admission",
    windowMs: 30_000,
    threshold: 0.95,
    aggression: 1,
    minRate: 0,
    maxRejection: 0.8,
    waitMs: 0,
  });
});

test("values that can't be are told", () => {
  expect(admission("{ threshold: 0% }").problems).toEqual([
    "raise the threshold: found 0%, below which no part of requests can be",
  ]);
  expect(admission("{ aggression: 0, minRate: many, wait: 5 }").problems).toEqual([
    "change the number: found 0, wanted a number from 0.01 to 100",
    'change the value: found "many", wanted a number from 0 to 1000000',
    'change the value: found the number 5, wanted a duration such as "250ms", "5s", "1m30s" or "1h"',
  ]);
});
