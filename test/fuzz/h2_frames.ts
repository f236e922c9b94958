import * as w from "../unit/http/h2/wire.ts";
import type { Random } from "./random.ts";

const NAMES = [
  "x-a",
  "x_b",
  "cookie",
  "te",
  "content-length",
  "host",
  "connection",
  "X-C",
  "",
  "accept",
  "expect",
  "upgrade",
  ":x",
];
const VALUES = [
  "1",
  "",
  "trailers",
  "a=b; c=d",
  "5",
  "0",
  "a",
  "100-continue",
  " x",
  "a\r\nb: c",
  "\0",
  "websocket",
  "x".repeat(40),
];
const PATHS = ["/", "/a", "/a/../b?c", "*", "", "x", "/%zz", "/a b", "/#", "http://b/"];
const METHODS = ["GET", "GET", "GET", "POST", "POST", "HEAD", "OPTIONS", "CONNECT", "", "A B"];
const INCREMENTS = [1, 7, 100, 65_535];
const ODD_INCREMENTS = [0, 0x7fffffff];
const SIZES = [0, 1, 5, 30, 100, 300];
const IDS = [1, 3, 5, 7, 9, 11, 13, 2, 0];

/** Frames of a peer that mostly keeps to the rules, in an order that makes some sense, and sometimes none. */
export function someFrames(r: Random, ofServer: boolean): Uint8Array {
  const frames: Uint8Array[] = [];
  if (!ofServer || r.once(2)) frames.push(...head(r, 1, ofServer ? response(r) : request(r)));
  let next = ofServer ? 9 : 3;
  for (let n = 1 + r.below(14); n > 0; n--) {
    const id = r.once(60) ? r.pick(IDS) : ofServer ? 1 + 2 * r.below(5) : Math.max(1, next - 2 - 2 * r.below(3));
    switch (r.below(13)) {
      case 0:
      case 1:
      case 2: {
        const opens = ofServer ? id : next;
        next += ofServer ? 0 : 2;
        frames.push(...head(r, opens, ofServer ? response(r) : request(r)));
        break;
      }
      case 3:
      case 4:
      case 5:
        frames.push(body(r, id));
        break;
      case 6:
        if (r.once(3)) frames.push(...head(r, id, some(r, 3)));
        break;
      case 7:
        frames.push(w.windowUpdate(r.once(2) ? 0 : id, r.pick(r.once(8) ? ODD_INCREMENTS : INCREMENTS)));
        break;
      case 8:
        frames.push(w.reset(id, r.below(15)));
        break;
      case 9:
        frames.push(w.settings(r.once(8) ? [r.below(10), r.pick([0, 1, 2, 100, 0xffffffff])] : [4, r.pick([0, 1, 100, 70_000])]));
        break;
      case 10:
        frames.push(r.once(3) ? w.goAway(r.pick(IDS), r.below(15)) : w.ping("12345678", r.below(2)));
        break;
      default:
        frames.push(
          w.frame(r.pick([2, 2, 5, 9, 10, 16, 200]), r.below(256), r.pick(IDS), new Uint8Array(r.pick([0, 4, 5, 9, 60]))),
        );
    }
  }
  return w.join(...frames);
}

function some(r: Random, most: number): w.Pairs {
  return Array.from(
    { length: r.below(most + 1) },
    () => [r.pick(r.once(4) ? NAMES : ["x-a", "cookie", "accept"]), r.pick(r.once(4) ? VALUES : ["1", "a=b"])] as const,
  );
}

function request(r: Random): w.Pairs {
  const odd = r.once(5);
  const pairs: (readonly [string, string])[] = [
    [":method", odd ? r.pick(METHODS) : r.pick(["GET", "POST"])],
    [":scheme", odd ? r.pick(["http", "https", "ftp", ""]) : "http"],
    [":authority", odd ? r.pick(["a", "b:1", "", "u@c", "a b"]) : "a"],
    [":path", odd ? r.pick(PATHS) : r.pick(["/", "/a", "/held"])],
    ...some(r, 4),
  ];
  if (r.once(10)) pairs.splice(r.below(pairs.length), 1);
  if (r.once(15)) pairs.push([":protocol", "websocket"]);
  return pairs;
}

function response(r: Random): w.Pairs {
  const status = r.once(5) ? r.pick(["100", "101", "103", "204", "304", "099", "abc", ""]) : "200";
  return r.once(15) ? some(r, 3) : [[":status", status], ...some(r, 4)];
}

/** One block, whole or over CONTINUATION frames, with what flags may stand there. */
function head(r: Random, id: number, pairs: w.Pairs): Uint8Array[] {
  let block = w.block(pairs);
  // Sometimes indexed, so that later references may find it.
  if (block.length > 0 && r.once(3)) block[0] = 0x40;
  if (r.once(4)) block = w.join(block, Uint8Array.of(r.pick([0x80 | 62, 0x82, 0x84, 0x80, 0x20, 0x3f])));
  const end = r.once(2) ? w.END_STREAM : 0;
  if (r.once(4)) {
    const cut = r.below(block.length + 1);
    return [
      w.frame(w.HEADERS, end, id, block.slice(0, cut)),
      w.frame(w.CONTINUATION, r.once(9) ? 0 : w.END_HEADERS, id, block.slice(cut)),
    ];
  }
  if (r.once(6)) {
    const flags = end | w.END_HEADERS | w.PADDED | w.PRIORITISED;
    return [
      w.frame(
        w.HEADERS,
        flags,
        id,
        w.join(Uint8Array.of(r.below(4)), w.u32(r.below(8)), Uint8Array.of(9), block, new Uint8Array(r.below(4))),
      ),
    ];
  }
  return [w.frame(w.HEADERS, end | w.END_HEADERS, id, block)];
}

function body(r: Random, id: number): Uint8Array {
  const b = "b".repeat(r.pick(SIZES));
  const end = r.once(3) ? w.END_STREAM : 0;
  return r.once(5) ? w.padded(id, b, r.below(20), end) : w.data(id, b, end);
}

/** Bytes with a few changes: flipped, cut out, doubled, put in. */
export function mutateBytes(r: Random, b: Uint8Array): Uint8Array {
  let out = b;
  for (let n = r.below(3); n > 0 && out.length > 0; n--) {
    const at = r.below(out.length);
    const size = 1 + r.below(r.once(3) ? 30 : 2);
    switch (r.below(4)) {
      case 0: {
        out = out.slice();
        out[at]! ^= 1 << r.below(8);
        break;
      }
      case 1:
        out = w.join(out.subarray(0, at), out.subarray(at + size));
        break;
      case 2:
        out = w.join(out.subarray(0, at + size), out.subarray(at));
        break;
      default:
        out = w.join(
          out.subarray(0, at),
          Uint8Array.from({ length: size }, () => r.below(256)),
          out.subarray(at),
        );
    }
  }
  return out;
}

export function cutBytes(r: Random, b: Uint8Array): Uint8Array[] {
  if (r.once(6)) return Array.from(b, (c) => Uint8Array.of(c));
  const at = Array.from({ length: 1 + r.below(8) }, () => r.below(b.length + 1)).sort((x, y) => x - y);
  return [...at, b.length].map((end, i) => b.slice(i === 0 ? 0 : at[i - 1], end));
}
