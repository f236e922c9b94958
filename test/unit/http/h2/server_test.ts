import { describe, expect, test } from "bun:test";
import { rowsOfFields } from "./rows_fields.ts";
import { frameRows } from "./rows_frames.ts";
import { requestRows } from "./rows_requests.ts";
import { stateRows } from "./rows_states.ts";
import { runRow } from "./server_row.ts";

const tables = { frames: frameRows, states: stateRows, requests: requestRows, fields: rowsOfFields };
/** Longer bytes are cut everywhere at their ends, and at so many places between. */
const CUT_ALL = 600;
const PLACES = 60;

for (const [table, rows] of Object.entries(tables)) {
  describe(table, () => {
    for (const row of rows) {
      test(`${row.name} (RFC ${row.rfc})`, () => {
        const whole = runRow([row.send.slice()], row.settings);
        expect(whole.events).toEqual([...row.events]);
        expect(whole.out).toEqual([...row.out]);
        expect(whole.closed).toBe(row.out.some((line) => line.startsWith("GOAWAY")));
        for (const pieces of cuts(row.send)) {
          const run = runRow(pieces, row.settings);
          // Compared as text first: a table of so many runs has no time for deep comparison.
          if (JSON.stringify(run) !== JSON.stringify(whole))
            expect({ at: pieces[0]!.length, ...run }).toEqual({ at: pieces[0]!.length, ...whole });
        }
      });
    }
  });
}

function* cuts(b: Uint8Array): Generator<Uint8Array[]> {
  const step = b.length <= CUT_ALL ? 1 : Math.ceil(b.length / PLACES);
  for (let i = 1; i < b.length; i += i < 64 || i > b.length - 64 ? 1 : step) yield [b.slice(0, i), b.slice(i)];
  yield Array.from(b, (c) => Uint8Array.of(c));
}

test("the tables hold each row once", () => {
  const names = Object.entries(tables).flatMap(([table, rows]) => rows.map((r) => `${table}: ${r.name}`));
  expect(names.length).toBeGreaterThan(150);
  expect(new Set(names).size).toBe(names.length);
});
