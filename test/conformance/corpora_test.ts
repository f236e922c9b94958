import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { framingRows as e2eFraming } from "../e2e/framing_rows.ts";
import { headRows, ownRows } from "../e2e/head_rows.ts";
import { responseRows as e2eReplies } from "../e2e/response_rows.ts";
import { chunkedRows } from "../unit/http/h1/rows_chunked.ts";
import { fieldRows } from "../unit/http/h1/rows_fields.ts";
import { framingRows } from "../unit/http/h1/rows_framing.ts";
import { responseRows } from "../unit/http/h1/rows_response.ts";
import { startLineRows } from "../unit/http/h1/rows_start_line.ts";
import { advisories } from "./corpora/advisories.ts";
import type { Corpus } from "./corpora/corpus.ts";
import { papers, requestSmuggler, smugglerTool } from "./corpora/desync.ts";
import { h1spec } from "./corpora/h1spec.ts";
import { httpGarden } from "./corpora/http_garden.ts";
import { http11Probe } from "./corpora/http11probe.ts";
import { rfcMusts } from "./corpora/rfc_musts.ts";

const root = join(import.meta.dir, "../..");
const tables: Readonly<Record<string, readonly { readonly name: string; readonly rfc: string }[]>> = {
  start: startLineRows,
  fields: fieldRows,
  framing: framingRows,
  chunked: chunkedRows,
  replies: responseRows,
  e2e: [...e2eFraming, ...headRows, ...ownRows],
  "e2e replies": e2eReplies,
};
const rows: ReadonlySet<string> = new Set(
  Object.entries(tables).flatMap(([table, list]) => list.map((r) => `${table}: ${r.name}`)),
);
const corpora: readonly Corpus[] = [http11Probe, httpGarden, h1spec, requestSmuggler, smugglerTool, papers, advisories, rfcMusts];

const texts = new Map<string, string>();
function textOf(path: string): string {
  const known = texts.get(path) ?? readFileSync(join(root, path), "utf8");
  texts.set(path, known);
  return known;
}

function stands(row: string): boolean {
  if (row.startsWith("none: ")) return row.length > 16;
  const [path, name] = row.split(" > ");
  return path!.startsWith("test/") ? name !== undefined && name.length > 9 && textOf(path!).includes(name) : rows.has(row);
}

describe("each shape of the public lists has its rows", () => {
  for (const corpus of corpora) {
    test(corpus.name, () => {
      const ids = corpus.entries.map(([id]) => id);
      expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
      const missing = corpus.entries.flatMap(([id, , ...its]) =>
        its.length === 0 ? [`${id}: nothing`] : its.filter((r) => !stands(r)).map((r) => `${id}: ${r}`),
      );
      expect(missing).toEqual([]);
    });
  }
});

test("every row names the clause that decides", () => {
  const without = Object.values(tables).flatMap((list) => list.filter((r) => !/^RFC \d{4}|^design, part \d/.test(r.rfc)));
  expect(without).toEqual([]);
});

test("docs/wire.md tells the numbers", () => {
  const doc = textOf("docs/wire.md");
  const told = corpora.map(({ name, entries }) => {
    const without = entries.filter(([, , row]) => row!.startsWith("none: ")).length;
    return `| ${name} | ${entries.length - without} | ${without} |`;
  });
  expect(told.filter((line) => !doc.includes(line))).toEqual([]);
});
