import type { Random } from "./random.ts";

/** What makes parsers disagree, put where it does not belong. */
const SPICE: readonly string[] = [
  "\r\n",
  "\n",
  "\r",
  "\r\n\r\n",
  "\r\r\n",
  " ",
  "\t",
  "\0",
  "\x0b",
  "\x7f",
  "\xff",
  ":",
  ",",
  ";",
  "=",
  '"',
  "0",
  "-",
  "+",
  "_",
  "0\r\n\r\n",
  "5\r\nhello\r\n",
  "ffffffffffffff\r\n",
  ";ext=1\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 0\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "Transfer_Encoding: chunked\r\n",
  " folded\r\n",
  "Connection: close\r\n",
  "Connection: keep-alive, X-A\r\n",
  "Expect: 100-continue\r\n",
  "Host: b\r\n",
  "X-A:1\r\n",
  "Content-Length: 010\r\n",
  "Transfer-Encoding: ,chunked\r\n",
  "Expect: x\r\n",
  "Connection: upgrade\r\nUpgrade: foo\r\n",
  ";\nxx\r\n",
  ';a="\r\n',
  "\x85",
  "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
  "HTTP/1.0",
  "HTTP/1.1 200 OK\r\n",
];

/** A text with a few changes: bytes flipped, cut out, doubled or swapped, and pieces of the above put in. */
export function mutate(r: Random, text: string): string {
  let s = text;
  const changes = r.below(4);
  for (let i = 0; i < changes; i++) {
    const at = r.below(s.length + 1);
    const n = 1 + r.below(r.once(4) ? 20 : 2);
    switch (r.below(6)) {
      case 0:
        s = s.slice(0, at) + String.fromCharCode(r.below(256)) + s.slice(at + 1);
        break;
      case 1:
        s = s.slice(0, at) + s.slice(at + n);
        break;
      case 2:
        s = s.slice(0, at) + s.slice(at, at + n) + s.slice(at);
        break;
      case 3: {
        const to = r.below(s.length + 1);
        const piece = s.slice(at, at + n);
        const rest = s.slice(0, at) + s.slice(at + n);
        s = rest.slice(0, to) + piece + rest.slice(to);
        break;
      }
      default:
        s = s.slice(0, at) + r.pick(SPICE) + s.slice(at);
    }
  }
  return s;
}

/** Where to cut bytes: up to eight places, or each. */
export function cuts(r: Random, length: number): number[] {
  if (r.once(6)) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: 1 + r.below(8) }, () => r.below(length + 1));
}
