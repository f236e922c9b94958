import { describe, expect, test } from "bun:test";
import { Fields } from "../../../../src/http/fields.ts";
import { ClientDrive, requestHead } from "./client_drive.ts";
import { type ClientRow, responseRows } from "./rows_responses.ts";

interface Run {
  readonly events: readonly string[];
  readonly out: readonly string[];
  readonly text: string;
}

function run(row: ClientRow, pieces: readonly Uint8Array[]): Run {
  const d = new ClientDrive({ limits: row.limits });
  const s = d.open();
  s.w.sendHead(requestHead(row.method, "/", Fields.of("Host", "a")), !row.unsent);
  d.after();
  // What the request itself says is another test's.
  const before = d.log.lines.length;
  for (const b of pieces) d.feed(b);
  const out = d.log.summary().filter((line) => /^1: .*RST|^GOAWAY/.test(line));
  expect(d.log.lines.length).toBeGreaterThanOrEqual(before);
  return { events: d.said, out: out.map((line) => line.replace(/^1: .*(RST .*)$/, "1: $1")), text: s.error?.message ?? "" };
}

describe("replies", () => {
  for (const row of responseRows) {
    test(`${row.name} (RFC ${row.rfc})`, () => {
      const whole = run(row, [row.send.slice()]);
      expect(whole.events).toEqual([...row.events]);
      expect(whole.out).toEqual([...row.out]);
      for (let i = 1; i < row.send.length; i++) {
        const cut = run(row, [row.send.slice(0, i), row.send.slice(i)]);
        if (JSON.stringify(cut) !== JSON.stringify(whole)) expect({ at: i, ...cut }).toEqual({ at: i, ...whole });
      }
      expect(
        run(
          row,
          Array.from(row.send, (c) => Uint8Array.of(c)),
        ),
      ).toEqual(whole);
    });
  }

  test("the table holds each row once", () => {
    const names = responseRows.map((r) => r.name);
    expect(names.length).toBeGreaterThan(60);
    expect(new Set(names).size).toBe(names.length);
  });
});
