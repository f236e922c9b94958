import { describe, expect, test } from "bun:test";
import { type ErrorCode, type ProxyError, type Retry, upstreamFault } from "../../../src/base/error.ts";
import { statusOfHead, statusOfTrailers, tellOutcome } from "../../../src/exchange/attempt_outcome.ts";
import { Fields } from "../../../src/http/fields.ts";

function told(status: number, failure: ProxyError | null, reused = false): unknown[] {
  const got: unknown[] = [];
  tellOutcome((s, e) => got.push(s, e?.facts.code ?? null), status, failure, reused);
  return got;
}

const fault = (code: ErrorCode, retry: Retry): ProxyError => upstreamFault(code, 502, retry, "x");

describe("how an attempt ended", () => {
  test("a reply", () => expect(told(503, null)).toEqual([503, null]));
  test("a failure", () => expect(told(0, fault("connectRefused", "always"))).toEqual([0, "connectRefused"]));
  test("a reply that was cut short", () => expect(told(200, fault("upstreamReset", "never"))).toEqual([200, "upstreamReset"]));
  test("the client went away before a reply: nothing", () => expect(told(0, null)).toEqual([]));
  test("a pooled connection that was closed already: nothing", () =>
    expect(told(0, fault("upstreamClosed", "ifReused"), true)).toEqual([]));
  test("a new connection that is closed at once", () =>
    expect(told(0, fault("upstreamClosed", "ifReused"))).toEqual([0, "upstreamClosed"]));
});

describe("the status of gRPC", () => {
  const head = (status: number, ...fields: string[]): number =>
    statusOfHead({ status, reason: "", fields: Fields.of(...fields), contentLength: -1, upgrade: "" });
  const grpc = ["content-type", "application/grpc"];

  test("stands in a head without a message", () => {
    expect(head(200, ...grpc, "grpc-status", "14")).toBe(503);
    expect(head(200, ...grpc, "grpc-status", "0")).toBe(200);
  });
  test("is still to come", () => expect(head(200, ...grpc)).toBe(200));
  test("is HTTP's where that says more", () => expect(head(502, ...grpc, "grpc-status", "14")).toBe(502));
  test("is none in other replies", () => expect(head(200, "content-type", "text/plain", "grpc-status", "14")).toBe(200));
  test("stands in trailers", () => {
    for (const [code, status] of [
      ["0", 200],
      ["1", 499],
      ["2", 500],
      ["4", 504],
      ["5", 404],
      ["12", 404],
      ["13", 500],
      ["14", 503],
      ["15", 500],
      ["16", 401],
      ["99", 500],
    ] as const)
      expect([code, statusOfTrailers(Fields.of("grpc-status", code))]).toEqual([code, status]);
    expect(statusOfTrailers(Fields.of("x", "y"))).toBe(200);
  });
});
