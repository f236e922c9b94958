import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_JSON_FIELDS, DEFAULT_TEXT_TEMPLATE } from "../../../src/telemetry/access_fields.ts";
import { observabilityRows } from "./observability_tables.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/observability.md"), "utf8");

test("docs/observability.md has every metric, field and flag, and none that is not there", () => {
  const rows = page.split("\n").filter((l) => l.startsWith("| `"));
  expect(rows.filter((r) => !/^\| `(process|weir_worker)_/.test(r) && !/^\| `(?:request|response|metadata)\./.test(r))).toEqual([
    ...observabilityRows(),
  ]);
});

test("docs/observability.md shows the default formats", () => {
  expect(page).toContain(DEFAULT_TEXT_TEMPLATE);
  expect(page).toContain(DEFAULT_JSON_FIELDS.map((f) => `\`${f}\``).join(", "));
});
