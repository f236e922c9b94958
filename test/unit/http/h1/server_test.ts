import { describe, expect, test } from "bun:test";
import { cutsOf } from "./cuts.ts";
import { type Answer, runServer } from "./drive_server.ts";
import { chunkedRows } from "./rows_chunked.ts";
import { fieldRows } from "./rows_fields.ts";
import { framingRows } from "./rows_framing.ts";
import { startLineRows } from "./rows_start_line.ts";

const tables = { "start line": startLineRows, fields: fieldRows, framing: framingRows, chunked: chunkedRows };

for (const [table, rows] of Object.entries(tables)) {
  describe(table, () => {
    for (const row of rows) {
      test(`${row.name} (${row.rfc})`, () => {
        const whole = runServer([Buffer.from(row.send, "latin1")], "atEnd", row.settings, row.fin);
        expect(whole.events).toEqual([...row.events]);
        expect(whole.replies).toEqual([...row.replies]);
        const last = row.replies[row.replies.length - 1];
        if (last?.endsWith(" close") === true) expect(whole.closes).toBe(true);
        for (const answer of ["atEnd", "atEndLater"] satisfies Answer[]) {
          for (const { name, pieces } of cutsOf(row.send)) {
            const run = runServer(pieces, answer, row.settings, row.fin);
            // Compared as text first: a table of some 30,000 runs has no time for deep comparison.
            if (run.full.join("\n") !== whole.full.join("\n"))
              expect({ name, answer, full: run.full }).toEqual({ name, answer, full: whole.full });
            if (run.out !== whole.out || run.closes !== whole.closes)
              expect({ name, answer, ...run }).toEqual({ name, answer, ...whole });
          }
        }
      });
    }
  });
}

test("the tables hold each row once", () => {
  const names = Object.entries(tables).flatMap(([table, rows]) => rows.map((r) => `${table}: ${r.name}`));
  expect(names.length).toBeGreaterThan(300);
  expect(new Set(names).size).toBe(names.length);
});
