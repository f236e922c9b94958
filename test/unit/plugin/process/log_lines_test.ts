import { describe, expect, test } from "bun:test";
import { LogLines } from "../../../../src/plugin/process/log_lines.ts";

function lines(): { l: LogLines; told: string[]; clock: { now: number } } {
  const told: string[] = [];
  const clock = { now: 0 };
  return {
    l: new LogLines(
      (line) => told.push(line),
      () => clock.now,
    ),
    told,
    clock,
  };
}

describe("lines of a plugin's log", () => {
  test("are told whole, however they are cut", () => {
    const text = new TextEncoder().encode("one\n\ntwo \r\nthree");
    for (let cut = 1; cut <= text.length; cut++) {
      const { l, told } = lines();
      for (let at = 0; at < text.length; at += cut) l.receive(text.subarray(at, at + cut));
      l.close();
      expect(told).toEqual(["one", "two", "three"]);
    }
  });

  test("are cut where they are too long", () => {
    const { l, told } = lines();
    for (let i = 0; i < 5; i++) l.receive(new Uint8Array(4096).fill(0x78));
    l.receive(new TextEncoder().encode("\nnext\n"));
    expect(told.map((t) => t.length)).toEqual([8192, 4]);
  });

  test("are dropped and counted when they are too many, until time has passed", () => {
    const { l, told, clock } = lines();
    const flood = new TextEncoder().encode("x\n".repeat(500));
    l.receive(flood);
    expect([told.length, l.takeDropped(), l.takeDropped()]).toEqual([200, 300, 0]);
    clock.now += 500;
    l.receive(flood);
    expect(told.length).toBe(300);
  });
});
