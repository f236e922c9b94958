import { describe, expect, test } from "bun:test";
import { AcceptRules } from "../../../src/server/accept_rules.ts";
import { LocalRate } from "../../../src/server/counts/local_rate.ts";

function rules(
  allow: readonly string[],
  deny: readonly string[],
  rate: { perSecond: number; burst: number } | null = null,
): AcceptRules {
  return new AcceptRules({ allow, deny }, rate === null ? null : new LocalRate(rate));
}

describe("sources", () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[], string, boolean])[] = [
    ["nothing said", [], [], "192.0.2.1", true],
    ["allowed", ["10.0.0.0/8"], [], "10.1.1.1", true],
    ["allowed, as IPv4 on a socket of both families", ["10.0.0.0/8"], [], "::ffff:10.1.1.1", true],
    ["not allowed", ["10.0.0.0/8"], [], "11.1.1.1", false],
    ["denied", [], ["10.0.0.0/8"], "10.1.1.1", false],
    ["not denied", [], ["10.0.0.0/8"], "11.1.1.1", true],
    ["denied among the allowed", ["10.0.0.0/8"], ["10.1.0.0/16"], "10.1.1.1", false],
    ["allowed beside the denied", ["10.0.0.0/8"], ["10.1.0.0/16"], "10.2.1.1", true],
  ];
  for (const [name, allow, deny, host, want] of rows)
    test(name, () => expect(rules(allow, deny).allows({ kind: "tcp", host, port: 1 })).toBe(want));

  test("a unix socket's peers have no address", () => {
    expect(rules(["10.0.0.0/8"], []).allows({ kind: "unix", path: "" })).toBe(true);
  });
});

describe("a connection rate", () => {
  function admitted(r: AcceptRules, now: number, of: number): number {
    let n = 0;
    for (let i = 0; i < of; i++) if (r.admits(now)) n++;
    return n;
  }

  test("lets the burst through at once and then so many a second", () => {
    const r = rules([], [], { perSecond: 10, burst: 5 });
    expect(admitted(r, 1000, 20)).toBe(5);
    expect(admitted(r, 1099, 20)).toBe(0);
    expect(admitted(r, 1100, 20)).toBe(1);
    expect(admitted(r, 2100, 20)).toBe(5);
    expect(admitted(r, 1_000_000, 20)).toBe(5);
  });

  test("is not forgotten by a reload, unless it is changed", () => {
    const rate = { perSecond: 10, burst: 5 };
    const first = rules([], [], rate);
    expect(admitted(first, 1000, 20)).toBe(5);
    const same = rules([], [], rate);
    same.follow(first);
    expect(admitted(same, 1000, 20)).toBe(0);
    const other = rules([], [], { perSecond: 10, burst: 6 });
    other.follow(same);
    expect(admitted(other, 1000, 20)).toBe(6);
  });

  test("none is no limit", () => {
    expect(admitted(rules([], []), 0, 1000)).toBe(1000);
  });
});
