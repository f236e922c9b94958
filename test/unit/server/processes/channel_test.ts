import { describe, expect, test } from "bun:test";
import { concatBytes } from "../../../../src/base/bytes.ts";
import type { Conn } from "../../../../src/platform/types.ts";
import { Channel } from "../../../../src/server/processes/channel.ts";

/** A connection that keeps what is written. */
class Wire {
  readonly written: Uint8Array[] = [];
  ended = false;
  destroyed = false;
  readonly conn = {
    write: (parts: readonly Uint8Array[]): boolean => {
      this.written.push(...parts);
      return true;
    },
    end: (): void => {
      this.ended = true;
    },
    destroy: (): void => {
      this.destroyed = true;
    },
  } as unknown as Conn;

  get bytes(): Uint8Array {
    return concatBytes([new Uint8Array(0), ...this.written]);
  }
}

function receiver(): { channel: Channel<unknown, unknown>; got: unknown[]; wire: Wire; closes: () => number } {
  const got: unknown[] = [];
  let closes = 0;
  const wire = new Wire();
  const channel = new Channel<unknown, unknown>(wire.conn, {
    onMessage: (m) => {
      got.push(m);
    },
    onClose: () => {
      closes++;
    },
  });
  return { channel, got, wire, closes: () => closes };
}

const MESSAGES: readonly unknown[] = [
  { kind: "a", at: new Map([["x", 1]]) },
  "\u00e9",
  { b: Uint8Array.of(1, 2) },
  null,
  "y".repeat(300),
];

function sent(): Uint8Array {
  const { channel, wire } = receiver();
  for (const m of MESSAGES) channel.send(m);
  return wire.bytes;
}

describe("messages come as they were sent", () => {
  test("in one piece", () => {
    const r = receiver();
    r.channel.onData(sent());
    expect(r.got).toEqual([...MESSAGES]);
  });

  test("cut at every byte", () => {
    const bytes = sent();
    for (let cut = 0; cut <= bytes.length; cut++) {
      const r = receiver();
      r.channel.onData(bytes.slice(0, cut));
      r.channel.onData(bytes.slice(cut));
      expect(r.got).toEqual([...MESSAGES]);
    }
  });

  test("byte by byte", () => {
    const r = receiver();
    for (const b of sent()) r.channel.onData(Uint8Array.of(b));
    expect(r.got).toEqual([...MESSAGES]);
  });
});

test("a length beyond the limit ends the channel", () => {
  const r = receiver();
  r.channel.onData(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1));
  expect([r.wire.destroyed, r.got]).toEqual([true, []]);
});

test("after the close nothing is sent, and it is told once", () => {
  const r = receiver();
  r.channel.onEnd();
  expect(r.wire.destroyed).toBe(true);
  r.channel.onClose();
  r.channel.onClose();
  r.channel.send("x");
  expect([r.closes(), r.wire.written.length]).toEqual([1, 0]);
});
