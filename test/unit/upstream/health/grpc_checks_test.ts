import { describe, expect, test } from "bun:test";
import { decodeHealthResponse, encodeHealthRequest } from "../../../../src/upstream/health/grpc_health.ts";

const frame = (...message: number[]): Uint8Array => Uint8Array.of(0, 0, 0, 0, message.length, ...message);

describe("a HealthCheckRequest", () => {
  test("for the server is empty", () => expect(encodeHealthRequest("")).toEqual(Uint8Array.of(0, 0, 0, 0, 0)));

  test("names its service", () =>
    expect(encodeHealthRequest("a.B")).toEqual(Uint8Array.of(0, 0, 0, 0, 5, 0x0a, 3, 0x61, 0x2e, 0x42)));

  test("with a long name has a long length", () => {
    const b = encodeHealthRequest("x".repeat(300));
    expect([...b.subarray(0, 8)]).toEqual([0, 0, 0, 1, 0x2f, 0x0a, 0xac, 0x02]);
    expect(b.length).toBe(5 + 3 + 300);
  });
});

describe("a HealthCheckResponse", () => {
  const cases: [name: string, bytes: Uint8Array, status: number | null][] = [
    ["serving", frame(8, 1), 1],
    ["not serving", frame(8, 2), 2],
    ["nothing is unknown", frame(), 0],
    ["the last one counts", frame(8, 2, 8, 1), 1],
    ["a field of a later version, a string", frame(0x12, 2, 1, 1, 8, 1), 1],
    ["a field of a later version, of 64 bits", frame(0x19, 1, 2, 3, 4, 5, 6, 7, 8, 8, 1), 1],
    ["a field of a later version, of 32 bits", frame(0x1d, 1, 2, 3, 4, 8, 1), 1],
    ["a number beyond the names", frame(8, 0x80, 1), 128],
    ["cut in the number", frame(8, 0x80), null],
    ["cut in a string", frame(0x12, 9, 1), null],
    ["a group", frame(0x0b), null],
    ["compressed", Uint8Array.of(1, 0, 0, 0, 2, 8, 1), null],
    ["shorter than it says", Uint8Array.of(0, 0, 0, 0, 3, 8, 1), null],
    ["two messages", Uint8Array.of(0, 0, 0, 0, 2, 8, 1, 0, 0, 0, 0, 2, 8, 1), null],
    ["no prefix", Uint8Array.of(8, 1), null],
    ["a number without an end", frame(8, ...Array.from({ length: 20 }, () => 0xff)), null],
  ];
  for (const [name, bytes, status] of cases) test(name, () => expect(decodeHealthResponse(bytes)).toBe(status));
});
