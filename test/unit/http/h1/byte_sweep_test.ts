import { describe, expect, test } from "bun:test";
import { runServer, type ServerRun } from "./drive_server.ts";
import { HOST } from "./server_row.ts";

// Every byte at every place where one hides a framing field or a chunk's end from somebody. What must come of it is told by a second
// reader, which is written from the grammar alone: regular expressions over the whole text instead of a machine of states.

const AFTER = "GET /after HTTP/1.1\r\nHost: a\r\n\r\n";
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const VCHAR = "[\\x21-\\x7e\\x80-\\xff]";
const FIELD = `(${TOKEN}):[\\t ]*((?:${VCHAR}(?:[\\t\\x20-\\x7e\\x80-\\xff]*${VCHAR})?)?)[\\t ]*`;
const FIELD_LINE = new RegExp(`^${FIELD}$`);
const BYTES = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i));

function run(text: string): ServerRun {
  const bytes = Buffer.from(text, "latin1");
  const whole = runServer([bytes]);
  const cut = runServer(Array.from(bytes, (b) => Uint8Array.of(b)));
  if (cut.full.join("\n") !== whole.full.join("\n")) expect({ text, full: cut.full }).toEqual({ text, full: whole.full });
  return whole;
}

/** RFC 9112 6.3 for a request with these field lines: its framing, or the status that refuses it. */
function framingOf(fields: string): string {
  const values: Record<string, string[]> = { host: [], "transfer-encoding": [], "content-length": [] };
  for (const line of fields.slice(0, -2).split("\r\n")) {
    const m = FIELD_LINE.exec(line);
    if (m === null) return "400";
    const name = m[1]!.toLowerCase();
    if (Object.hasOwn(values, name)) values[name]!.push(m[2]!);
  }
  const { host, "transfer-encoding": codings, "content-length": lengths } = values;
  if (host!.join() !== "a" || codings!.length + lengths!.length > 1) return "400";
  if (codings!.length === 1) return codings![0]!.toLowerCase() === "chunked" ? "chunked" : "501";
  if (lengths!.length === 0) return "0";
  return /^[0-9]{1,15}$/.test(lengths![0]!) ? String(Number(lengths![0])) : "400";
}

function framingSeen(fields: string, body: string): string {
  const first = run(`POST /x HTTP/1.1\r\n${HOST}${fields}\r\n${body}${AFTER}`).events[0]!;
  const fault = /^fault \w+ (\d+)$/.exec(first);
  return fault?.[1] ?? /^POST \/x @a(?: len=(\w+))?/.exec(first)?.[1] ?? "0";
}

describe("a byte in or round a framing field", () => {
  for (const [name, value, body] of [
    ["Transfer-Encoding", "chunked", "0\r\n\r\n"],
    ["Content-Length", "5", "hello"],
  ] as const) {
    const places: Readonly<Record<string, (c: string, d?: string) => string>> = {
      "before the name": (c) => `${c}${name}: ${value}\r\n`,
      "in the name": (c) => `${name.slice(0, 4)}${c}${name.slice(4)}: ${value}\r\n`,
      "for the hyphen": (c) => `${name.replace("-", () => c)}: ${value}\r\n`,
      "before the colon": (c) => `${name}${c}: ${value}\r\n`,
      "behind the colon": (c) => `${name}:${c}${value}\r\n`,
      "before the value": (c) => `${name}: ${c}${value}\r\n`,
      "in the value": (c) => `${name}: ${value}${c}${value}\r\n`,
      "behind the value": (c) => `${name}: ${value}${c}\r\n`,
      "between another value and the name": (c) => `X: X${c}${name}: ${value}\r\n`,
      "between the value and another field": (c) => `${name}: ${value}${c}X: X\r\n`,
      "behind CR before the name": (c) => `X: X\r${c}${name}: ${value}\r\n`,
      "before LF before the name": (c) => `X: X${c}\n${name}: ${value}\r\n`,
      "behind CR behind the value": (c) => `${name}: ${value}\r${c}X: X\r\n`,
      "before LF behind the value": (c) => `${name}: ${value}${c}\nX: X\r\n`,
      "alone on the line before": (c) => `${c}\r\n${name}: ${value}\r\n`,
      "before and behind the name": (c) => `${c}${name}${c}: ${value}\r\n`,
      "before the name and the value": (c) => `${c}${name}:${c}${value}\r\n`,
      "before the name and behind the value": (c) => `${c}${name}: ${value}${c}\r\n`,
      "round the colon": (c) => `${name}${c}:${c}${value}\r\n`,
      "behind the name and the value": (c) => `${name}${c}: ${value}${c}\r\n`,
      "round the value": (c) => `${name}:${c}${value}${c}\r\n`,
    };
    for (const [place, fieldsWith] of Object.entries(places)) {
      test(`${name}: ${place} (RFC 9112 2.2, 5, 6)`, () => {
        const seen = BYTES.map((c) => framingSeen(fieldsWith(c), body));
        expect(seen).toEqual(BYTES.map((c) => framingOf(HOST + fieldsWith(c))));
        expect(seen.filter((s) => s === "400" || s === "501").length).toBeGreaterThan(30);
      });
    }
  }
});

const EXTENSION = `;[\\t ]*${TOKEN}(?:=[\\t ]*(?:${TOKEN}|"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"))?`;
const CHUNK_LINE = new RegExp(`([0-9A-Fa-f]{1,13})(?:${EXTENSION})*\\r\\n`, "y");
const TRAILERS = new RegExp(`(?:${FIELD}\\r\\n)*\\r\\n`, "y");

/** RFC 9112 7.1: the body, "more" when its end is not there, "bad". */
function decode(text: string): string {
  let at = 0;
  let body = "";
  for (;;) {
    CHUNK_LINE.lastIndex = at;
    const m = CHUNK_LINE.exec(text);
    if (m === null) return "bad";
    at = CHUNK_LINE.lastIndex;
    const size = Number.parseInt(m[1]!, 16);
    if (size === 0) {
      TRAILERS.lastIndex = at;
      return TRAILERS.test(text) ? `body ${body}` : "bad";
    }
    body += text.slice(at, at + size);
    at += size;
    if (at >= text.length) return "more";
    if (text.slice(at, at + 2) !== "\r\n") return "bad";
    at += 2;
  }
}

function decoded(text: string): string {
  const { events } = run(`POST /x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${text}`);
  if (events.some((e) => e.startsWith("reset badRequest 400"))) return "bad";
  if (!events.includes("end")) return "more";
  return events.find((e) => e.startsWith("body ")) ?? "body ";
}

const CHUNKS = '5;a=b; c="d\\e"\r\nhello\r\n0;f\r\nX: y\r\n\r\n';

describe("a byte in a chunked body", () => {
  for (let at = 0; at < CHUNKS.length; at++) {
    const shown = JSON.stringify(`${CHUNKS.slice(0, at)}|${CHUNKS.slice(at)}`);
    test(`put in, and for the one behind, at ${shown} (RFC 9112 7.1)`, () => {
      const texts = BYTES.flatMap((c) => [
        CHUNKS.slice(0, at) + c + CHUNKS.slice(at) + AFTER,
        CHUNKS.slice(0, at) + c + CHUNKS.slice(at + 1) + AFTER,
      ]);
      expect(texts.map(decoded)).toEqual(texts.map(decode));
    });
  }

  test("the second reader knows good from bad", () => {
    expect(decode(CHUNKS + AFTER)).toBe("body hello");
    expect(decoded(CHUNKS + AFTER)).toBe("body hello");
    expect(decode("5\nhello\r\n0\r\n\r\n")).toBe("bad");
    expect(decode(`${"5".repeat(6)}\r\nhello`)).toBe("more");
  });
});
