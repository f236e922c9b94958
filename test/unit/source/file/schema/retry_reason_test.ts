import { describe, expect, test } from "bun:test";
import type { Leaf } from "../../../../../src/source/file/schema/leaf.ts";
import { grpcStatusNamed, retryReasonSchema } from "../../../../../src/source/file/schema/retry_reason.ts";
import { refusal } from "./leaves.ts";

const word = retryReasonSchema.options[0] as Leaf<unknown>;

describe("a reason to try again", () => {
  const rows: readonly [unknown, object][] = [
    ["connectFailure", { kind: "connectFailure" }],
    ["reset", { kind: "reset" }],
    ["refusedStream", { kind: "refusedStream" }],
    ["timeout", { kind: "timeout" }],
    ["gatewayError", { kind: "status", from: 502, to: 504 }],
    ["retriable4xx", { kind: "status", from: 409, to: 409 }],
    ["5xx", { kind: "status", from: 500, to: 599 }],
    [503, { kind: "status", from: 503, to: 503 }],
    ["grpc:unavailable", { kind: "grpc", status: 14 }],
    ["grpc:RESOURCE_EXHAUSTED", { kind: "grpc", status: 8 }],
    ["grpc:deadline-exceeded", { kind: "grpc", status: 4 }],
    ["grpc:1", { kind: "grpc", status: 1 }],
    ["grpc:16", { kind: "grpc", status: 16 }],
  ];
  for (const [value, reason] of rows) test(JSON.stringify(value), () => expect(word.parse(value)).toEqual(reason));

  test("is a field of the reply", () => {
    expect(retryReasonSchema.parse({ header: "X-Retry" })).toEqual({ header: "x-retry" });
  });

  const hints: readonly [unknown, string][] = [
    ["connect-failure", 'did you mean "connectFailure"?'],
    ["refused-stream", 'did you mean "refusedStream"?'],
    ["gateway-error", 'did you mean "gatewayError"?'],
    ["retriable-4xx", 'did you mean "retriable4xx"?'],
    ["unavailable", 'did you mean "grpc:unavailable"?'],
    ["grpc:unavailible", 'did you mean "grpc:unavailable"?'],
    ["grpc:ok", ""],
    ["grpc:0", ""],
    ["grpc:17", ""],
    ["grpc:", ""],
    ["whenever", ""],
    [700, ""],
    [true, ""],
  ];
  for (const [value, hint] of hints)
    test(`${JSON.stringify(value)} is refused`, () => expect(refusal(word, value)?.hint).toBe(hint));
});

test("every status of gRPC has its name and its number", () => {
  const names =
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED";
  for (const [i, name] of names.split(" ").entries()) {
    expect([name, grpcStatusNamed(name)]).toEqual([name, i]);
    expect(grpcStatusNamed(String(i))).toBe(i);
  }
  for (const other of ["17", "-1", "", "FINE"]) expect([other, grpcStatusNamed(other)]).toEqual([other, null]);
});
