import { describe, expect, test } from "bun:test";
import { cutsOf } from "./cuts.ts";
import { runClient } from "./drive_client.ts";
import { responseRows } from "./rows_response.ts";

describe("replies", () => {
  for (const row of responseRows) {
    test(`${row.name} (${row.rfc})`, () => {
      const whole = runClient([Buffer.from(row.send, "latin1")], row.settings, row.fin);
      expect(whole.events).toEqual([...row.events]);
      expect(whole.after).toBe(row.after);
      for (const { name, pieces } of cutsOf(row.send)) {
        const run = runClient(pieces, row.settings, row.fin);
        if (run.full.join("\n") !== whole.full.join("\n") || run.after !== whole.after)
          expect({ name, ...run }).toEqual({ name, ...whole });
      }
    });
  }

  test("the table holds each row once", () => {
    expect(responseRows.length).toBeGreaterThan(90);
    expect(new Set(responseRows.map((r) => r.name)).size).toBe(responseRows.length);
  });
});
