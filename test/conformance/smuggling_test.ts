import { describe, expect, test } from "bun:test";
import { Reply, Requests } from "../fuzz/forward.ts";
import { chunkedRows } from "../unit/http/h1/rows_chunked.ts";
import { fieldRows } from "../unit/http/h1/rows_fields.ts";
import { framingRows } from "../unit/http/h1/rows_framing.ts";
import { responseRows } from "../unit/http/h1/rows_response.ts";
import { startLineRows } from "../unit/http/h1/rows_start_line.ts";
import { joinText } from "../unit/http/h1/transcript.ts";

// Request smuggling and response splitting need two readers that disagree (RFC 9112 11.1, 11.2). Here the second reader gets what Weir
// sends on of each shape in the tables of the codecs: it must find the same messages, with the same ends, and no more.

const requests = [...startLineRows, ...fieldRows, ...framingRows, ...chunkedRows];

describe("requests", () => {
  for (const row of requests) {
    test(`${row.name} (${row.rfc})`, () => {
      const here = new Requests(true).read(row.send);
      const sent = joinText(here.sent);
      expect({ sent, all: new Requests(false).read(sent).all }).toEqual({ sent, all: here.all });
    });
  }
});

describe("replies", () => {
  for (const row of responseRows) {
    const { method = "GET", upgrade, unsent, givenUp } = row.settings;
    if (upgrade !== undefined || unsent === true || givenUp === true) continue;
    test(`${row.name} (${row.rfc})`, () => {
      const here = new Reply(method, true).read(row.send, row.fin);
      const sent = joinText(here.sent);
      expect({ sent, heads: new Reply(method, false).read(sent, false).heads }).toEqual({ sent, heads: here.heads });
    });
  }
});

test("shapes that are taken are among them, for a table of refusals compares nothing", () => {
  const whole = requests.filter((row) => new Requests(true).read(row.send).all.some((m) => m.whole));
  expect(whole.length).toBeGreaterThan(80);
});
