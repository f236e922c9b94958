import type { Random } from "./random.ts";

function fields(r: Random, extra: readonly string[]): string {
  const all = [
    "X-A: 1",
    "x-b:2",
    "Accept: */*",
    "Cookie: a=b; c=d",
    "X_C: 3",
    "Via: 1.1 x",
    "Connection: keep-alive",
    "TE: trailers",
    "E:",
    "F: \t g ",
  ];
  let s = "";
  for (const e of extra) {
    if (r.once(3)) s += `${r.pick(all)}\r\n`;
    s += `${e}\r\n`;
  }
  return s;
}

function body(r: Random): { fields: readonly string[]; bytes: string } {
  const text = r.pick(["", "x", "hello", "GET /in HTTP/1.1\r\nHost: a\r\n\r\n", "0\r\n\r\n", "y".repeat(r.below(300))]);
  switch (r.below(4)) {
    case 0:
      return { fields: [], bytes: "" };
    case 1:
      return { fields: [`Content-Length: ${text.length}`], bytes: text };
    default:
      return { fields: [r.pick(["Transfer-Encoding: chunked", "transfer-encoding:Chunked"])], bytes: chunks(r, text) };
  }
}

function chunks(r: Random, text: string): string {
  let s = "";
  for (let at = 0; at < text.length; ) {
    const n = 1 + r.below(text.length - at);
    s += `${n.toString(16)}${r.pick(["", "", ";a", ';a="b c"'])}\r\n${text.slice(at, at + n)}\r\n`;
    at += n;
  }
  return `${s}0${r.pick(["", ";last"])}\r\n${r.pick(["", "", "T: u\r\n", "T: u\r\nx_y: z\r\n"])}\r\n`;
}

/** One to three good requests, as a client may send them at once. */
export function someRequests(r: Random): string {
  let s = "";
  for (let i = r.below(3); i >= 0; i--) {
    const b = body(r);
    const target = r.pick(["/", "/x?y=z", "/a/../b", "/%2e/c%2f", "http://a/abs", "//d"]);
    s += `${r.pick(["GET", "POST", "PUT", "HEAD", "QUERY"])} ${target} HTTP/1.${r.once(8) ? 0 : 1}\r\n${fields(r, ["Host: a", ...b.fields])}\r\n${b.bytes}`;
  }
  return s;
}

/** A good reply, perhaps behind interim ones. */
export function someReply(r: Random): string {
  const b = body(r);
  const interim = r.once(4) ? "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" : "";
  return `${interim}HTTP/1.${r.once(8) ? 0 : 1} ${r.pick(["200 OK", "404 No", "204 None", "304 Same", "500"])}\r\n${fields(r, ["Server: s", ...b.fields])}\r\n${b.bytes}`;
}
