import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { fieldValue, fieldValues } from "../support/message.ts";
import { openClient } from "../support/raw_client.ts";
import { type Site, startSite } from "../support/weir.ts";
import { framingRows } from "./framing_rows.ts";
import { headRows, ownRows } from "./head_rows.ts";
import type { Row } from "./smuggling_row.ts";

setDefaultTimeout(30_000);

const AFTER = "GET /after HTTP/1.1\r\nHost: test.example\r\nConnection: close\r\n\r\n";
const requestRows: readonly Row[] = [...framingRows, ...headRows];
const ROUTES = [
  { name: "own", match: [{ path: "/own" }], respond: { status: 200, body: "own" } },
  { name: "all", to: "origin" },
];
let site: Site;

beforeAll(async () => {
  site = await startSite({ routes: ROUTES });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

describe("bytes with two readings are refused, those with one pass", () => {
  for (const row of requestRows) test(`${row.name} (${row.rfc})`, () => tryRow(row));

  for (const row of ownRows) test(`answered by a route itself: ${row.name} (${row.rfc})`, () => tryRow(row));

  test("the table has a hundred rows and no name twice", () => {
    expect(requestRows.length).toBeGreaterThanOrEqual(100);
    expect(new Set(requestRows.map((r) => r.name)).size).toBe(requestRows.length);
  });
});

/** Sends the row's bytes with a well-formed request behind: what the row hides must not be taken for one, nor swallow it. */
async function tryRow(row: Row): Promise<void> {
  const seen = site.origin.requests.length;
  using client = await openClient(site.port);
  await client.send(row.send + AFTER);
  if (row.outcome.kind === "refused") {
    const reply = await client.response();
    expect(row.outcome.statuses).toContain(reply.status);
    expect(fieldValue(reply.fields, "connection").toLowerCase()).toBe("close");
    await client.left();
    expect(client.unread).toBe("");
    expect(site.origin.requests.slice(seen).map((r) => r.startLine)).toEqual([]);
    return;
  }
  if (row.outcome.kind === "answered") {
    expect((await client.response(row.send.split(" ")[0]!)).status).toBe(row.outcome.status);
    await client.left();
    expect(client.unread).toBe("");
    expect(site.origin.requests.slice(seen).map((r) => r.startLine)).toEqual([]);
    return;
  }
  if (row.outcome.kind === "refusedBehind") {
    expect((await client.response()).status).toBe(200);
    expect(row.outcome.statuses).toContain((await client.response()).status);
    await client.left();
    expect(client.unread).toBe("");
    const behind = site.origin.requests.slice(seen);
    expect(behind.map((r) => [r.startLine, r.body])).toEqual([[row.outcome.request.line, row.outcome.request.body]]);
    return;
  }
  for (const wanted of row.outcome.requests) {
    const reply = await client.response(wanted.line.split(" ")[0]!);
    expect(reply.status).toBe(200);
  }
  expect((await client.response()).status).toBe(200);
  await client.left();
  const got = site.origin.requests.slice(seen);
  expect(got.map((r) => r.startLine)).toEqual([...row.outcome.requests.map((r) => r.line), "GET /after HTTP/1.1"]);
  row.outcome.requests.forEach((wanted, i) => {
    expect(got[i]!.body).toBe(wanted.body);
    for (const [name, value] of Object.entries(wanted.fields))
      expect(fieldValues(got[i]!.fields, name)).toEqual(value === null ? [] : [value]);
  });
}
