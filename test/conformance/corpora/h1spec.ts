// Table: each case of h1spec, by its description there.
import type { Corpus, CorpusEntry } from "./corpus.ts";

const CUT = "test/unit/http/h1/server_test.ts > ${row.name} (${row.rfc})";

/** Requests that stop in the middle: every row of the codecs' tables is cut at every byte. */
const fragments: readonly CorpusEntry[] = [
  "method",
  "URL 1",
  "URL 2",
  "URL 3",
  "HTTP version",
  "request line",
  "request line newline 1",
  "request line newline 2",
  "field name",
  "field value 1",
  "field value 2",
  "field value 3",
  "field value 4",
  "request",
  "request termination",
].map((what): CorpusEntry => [`Fragmented ${what}`, "waits for more", "start: a plain GET", CUT]);

export const h1spec: Corpus = {
  name: "h1spec",
  source: "github.com/uNetworking/h1spec, http_test.ts of October 2024",
  entries: [
    ...fragments,
    ["Request without HTTP version", "HTTP/0.9 and a space", "start: no version (HTTP/0.9)", "e2e: no version"],
    [
      "Request with Expect header",
      "100-continue without a body",
      "fields: 100-continue without a body is dropped",
      "e2e: 100-continue without a body",
    ],
    ["Valid GET request", "is taken", "start: a plain GET"],
    [
      "Valid GET request with edge cases",
      "names in mixed case, a tab, an empty value",
      "fields: Host in another case",
      "fields: an empty value",
      "fields: white space round a value goes",
    ],
    ["Invalid header characters", "brackets in a name", "fields: a bracket in a name", "e2e: name with a bracket"],
    ["Missing Host header", "HTTP/1.1 without Host", "fields: no Host", "e2e: no Host"],
    ["Multiple Host headers", "two different ones", "fields: two Hosts", "e2e: two Hosts"],
    [
      "Overflowing negative Content-Length header",
      "a minus and 27 digits",
      "framing: a length with a minus and more digits than fit",
    ],
    ["Negative Content-Length header", "a minus", "framing: a length with a minus", "e2e: length with minus"],
    ["Non-numeric Content-Length header", "letters", "framing: a length with letters"],
    ["Empty header value", "is taken", "fields: an empty value", "e2e: empty value"],
    ["Header containing invalid control character", "a bell in a value", "fields: a bell in a value"],
    ["Invalid HTTP version", "HTTP/9.9", "start: HTTP/9.9", "e2e: HTTP/9.9"],
    ["Invalid prefix of request", "words before the method", "start: words before the method", "e2e: words before the method"],
    [
      "Invalid line ending",
      "CR before a name behind the head's last line",
      "fields: an end of CR and another byte",
      "e2e: head ended by CR and another byte",
    ],
    ["Valid POST request with body", "is taken", "framing: a body of a length"],
    ["Chunked Transfer-Encoding", "is taken", "chunked: chunks"],
    [
      "Conflicting Transfer-Encoding and Content-Length in varying case",
      "is refused",
      "framing: TE.CL",
      "framing: CL.TE",
      "e2e: CL.TE",
    ],
  ],
};
