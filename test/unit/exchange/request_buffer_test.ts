import { describe, expect, test } from "bun:test";
import { isSole, markSole } from "../../../src/base/sole_view.ts";
import { RequestBuffer, sent } from "../../../src/exchange/request_buffer.ts";

function bytes(n: number): Uint8Array {
  return new Uint8Array(n).fill(7);
}

function length(b: RequestBuffer): number {
  return b.parts.reduce((n, p) => n + p.length, 0);
}

describe("a request's body for another attempt", () => {
  test("is kept up to the bound, to the byte, and not one beyond it", () => {
    const buffer = new RequestBuffer(1000);
    buffer.keep(bytes(600));
    buffer.keep(bytes(400));
    expect([buffer.lost, length(buffer)]).toEqual([false, 1000]);
    buffer.keep(bytes(1));
    expect([buffer.lost, buffer.parts]).toEqual([true, []]);
    buffer.keep(bytes(1));
    expect(buffer.parts).toEqual([]);
  });

  test("that could not be sent is kept whatever its length, until it is sent", () => {
    const buffer = new RequestBuffer(1000);
    buffer.hold(bytes(900));
    buffer.hold(bytes(900));
    expect([buffer.lost, length(buffer)]).toEqual([false, 1800]);
    buffer.settle();
    expect([buffer.lost, buffer.parts]).toEqual([true, []]);
  });

  test("that was held within the bound stays when it is sent", () => {
    const buffer = new RequestBuffer(1000);
    buffer.hold(bytes(900));
    buffer.settle();
    buffer.keep(bytes(100));
    expect([buffer.lost, length(buffer)]).toEqual([false, 1000]);
  });

  test("with a bound of 0 is never kept; no body is no loss", () => {
    const buffer = new RequestBuffer(0);
    buffer.keep(bytes(0));
    expect(buffer.lost).toBe(false);
    buffer.keep(bytes(1));
    expect(buffer.lost).toBe(true);
  });

  test("in pieces of one byte costs no more than twice its bound", () => {
    const buffer = new RequestBuffer(64 * 1024);
    let pieces = 0;
    while (!buffer.lost && pieces < 64 * 1024) {
      buffer.keep(bytes(1));
      pieces++;
    }
    expect(buffer.lost).toBe(true);
    expect(pieces).toBe(513);
  });

  test("keeps no more memory than its bytes", () => {
    const buffer = new RequestBuffer(1000);
    const chunk = bytes(64 * 1024);
    buffer.keep(chunk.subarray(10, 20));
    buffer.hold(chunk.subarray(20, 30));
    expect(buffer.parts.map((p) => p.buffer.byteLength)).toEqual([10, 10]);
  });

  test("is not freed with what is sent of it", () => {
    const buffer = new RequestBuffer(64 * 1024);
    const chunk = bytes(32 * 1024);
    markSole(chunk);
    expect(isSole(buffer.keep(chunk))).toBe(false);
    expect(isSole(sent(buffer.parts[0]!))).toBe(false);
    expect(buffer.parts[0]!.length).toBe(32 * 1024);
  });

  test("is freed when it is too long to be kept", () => {
    const buffer = new RequestBuffer(1000);
    const chunk = bytes(32 * 1024);
    markSole(chunk);
    expect(isSole(buffer.keep(chunk))).toBe(true);
  });
});
