/** One HTTP/1 message as a test sees it, read by a parser that shares nothing with the program. Text is bytes, one char below 0x100 each. */
export interface Message {
  readonly startLine: string;
  /** 0 for a request. */
  readonly status: number;
  /** "" for a response. */
  readonly method: string;
  readonly target: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The body without its framing. */
  readonly body: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
  readonly framing: "none" | "length" | "chunked" | "close";
  /** Every byte of it, framing included. */
  readonly raw: string;
}

/** What is known of the message that comes: a request, or the reply to a method. */
export type Expected = { readonly role: "request" } | { readonly role: "response"; readonly method: string };

/** The message at the start of `text`; null while bytes are missing. `ended`: no more will come. Throws when it is none. */
export function readMessage(text: string, expected: Expected, ended: boolean): Message | null {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const lines = text.slice(0, headEnd).split("\r\n");
  const startLine = lines[0]!;
  const fields = lines.slice(1).map(readField);
  const from = headEnd + 4;
  const [first, second] = startLine.split(" ");
  const isRequest = expected.role === "request";
  const status = isRequest ? 0 : Number(second);
  if (!isRequest && !/^HTTP\/1\.[01] [1-5][0-9][0-9]( .*)?$/.test(startLine))
    throw new Error(`no status line: ${JSON.stringify(startLine)}`);
  const framing = framingOf(fields, expected, status);
  const head = { startLine, status, method: isRequest ? first! : "", target: isRequest ? second! : "", fields, framing };
  if (framing === "none") return { ...head, body: "", trailers: [], raw: text.slice(0, from) };
  if (framing === "close") return ended ? { ...head, body: text.slice(from), trailers: [], raw: text } : null;
  if (framing === "length") {
    const length = Number(fieldValue(fields, "content-length"));
    if (text.length < from + length) return null;
    return { ...head, body: text.slice(from, from + length), trailers: [], raw: text.slice(0, from + length) };
  }
  const chunked = readChunked(text, from);
  return chunked === null ? null : { ...head, body: chunked.body, trailers: chunked.trailers, raw: text.slice(0, chunked.end) };
}

/** The value of the first field of that name, whatever the case; "" when there is none. */
export function fieldValue(fields: Message["fields"], name: string): string {
  return fields.find(([n]) => n.toLowerCase() === name.toLowerCase())?.[1] ?? "";
}

export function fieldValues(fields: Message["fields"], name: string): string[] {
  return fields.filter(([n]) => n.toLowerCase() === name.toLowerCase()).map(([, v]) => v);
}

export function hasField(fields: Message["fields"], name: string): boolean {
  return fields.some(([n]) => n.toLowerCase() === name.toLowerCase());
}

function readField(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

// RFC 9112 6.3
function framingOf(fields: Message["fields"], expected: Expected, status: number): Message["framing"] {
  if (expected.role === "response") {
    if (expected.method === "HEAD" || status < 200 || status === 204 || status === 304) return "none";
    if (expected.method === "CONNECT" && status < 300) return "none";
  }
  if (/\bchunked$/i.test(fieldValue(fields, "transfer-encoding"))) return "chunked";
  if (hasField(fields, "content-length")) return fieldValue(fields, "content-length") === "0" ? "none" : "length";
  return expected.role === "response" ? "close" : "none";
}

function readChunked(text: string, from: number): { body: string; trailers: Message["trailers"]; end: number } | null {
  let at = from;
  let body = "";
  for (;;) {
    const line = text.indexOf("\r\n", at);
    if (line < 0) return null;
    const size = Number.parseInt(text.slice(at, line), 16);
    if (!Number.isFinite(size)) throw new Error(`no chunk size: ${JSON.stringify(text.slice(at, line))}`);
    at = line + 2;
    if (size === 0) break;
    if (text.length < at + size + 2) return null;
    body += text.slice(at, at + size);
    at += size + 2;
  }
  const trailers: (readonly [string, string])[] = [];
  for (;;) {
    const line = text.indexOf("\r\n", at);
    if (line < 0) return null;
    if (line === at) return { body, trailers, end: at + 2 };
    trailers.push(readField(text.slice(at, line)));
    at = line + 2;
  }
}
