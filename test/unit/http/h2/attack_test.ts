import { describe, expect, test } from "bun:test";
import {
  BLOCK_BYTES_FACTOR,
  BLOCK_FRAMES,
  type BudgetCause,
  CROWDED_STALL_MS,
  DEFAULT_H2_LIMITS,
  STREAM_WINDOW,
  WAITING_FREELY,
} from "../../../../src/http/h2/limits.ts";
import type { ServerSettings } from "./options.ts";
import { responseHead, ServerDrive, type ServerSide } from "./server_drive.ts";
import * as w from "./wire.ts";

// Each attack runs against a codec until it ends the connection: what it made us do, say and keep until then is bounded. A peer that does
// the same within its budget is served, and so is everybody else.

const { budgets, headBytes, streams, heldHeadBytes } = DEFAULT_H2_LIMITS;
const VICTIM = 1;

interface Attack {
  readonly name: string;
  readonly id: string;
  readonly cause: BudgetCause;
  /** The `i`-th blow; it costs one token. */
  readonly blow: (i: number) => readonly Uint8Array[];
  /** Before the first. */
  readonly start?: (d: ServerDrive) => void;
  /** Whether blows have a budget beside what time gives: what they earn or cost otherwise. */
  readonly slack?: number;
  /** Bytes of output that a blow may bring. */
  readonly answer: number;
}

/** Streams of the attacker, above the victim's. */
function idOf(i: number): number {
  return 1_001 + 2 * i;
}

function open(id: number, ...more: w.Pairs): Uint8Array {
  return w.headers(id, w.post(...more), w.END_HEADERS);
}

const MADE: readonly (readonly [string, (id: number) => readonly Uint8Array[]])[] = [
  ["WINDOW_UPDATE of 0", (id) => [open(id), w.windowUpdate(id, 0)]],
  ["a window that overflows", (id) => [open(id), w.windowUpdate(id, 0x7fffffff)]],
  ["DATA beyond Content-Length", (id) => [open(id, ["content-length", "1"]), w.data(id, "xx")]],
  ["a second head", (id) => [open(id), w.headers(id, [["x", "y"]], w.END_HEADERS)]],
  ["DATA behind the end", (id) => [w.headers(id, w.get("/held")), w.data(id, "x")]],
  ["HEADERS behind the end", (id) => [w.headers(id, w.get("/held")), w.headers(id, [["x", "y"]])]],
  ["PRIORITY on itself", (id) => [open(id), w.frame(w.PRIORITY, 0, id, w.join(w.u32(id), Uint8Array.of(1)))]],
  ["PRIORITY of 4 bytes", (id) => [open(id), w.frame(w.PRIORITY, 0, id, new Uint8Array(4))]],
  ["a malformed head", (id) => [w.headers(id, w.get("/", ["X", "y"]))]],
];

const ATTACKS: readonly Attack[] = [
  {
    name: "rapid reset",
    id: "CVE-2023-44487",
    cause: "resets",
    blow: (i) => [w.headers(idOf(i), w.get("/held")), w.reset(idOf(i), 8)],
    answer: 0,
  },
  ...MADE.map(
    ([name, blow]): Attack => ({
      name: `made you reset: ${name}`,
      id: "CVE-2025-8671",
      cause: "resets",
      blow: (i) => blow(idOf(i)),
      answer: 13,
    }),
  ),
  {
    name: "streams beyond the limit",
    id: "RFC 9113 5.1.2",
    cause: "resets",
    start: (d) => {
      for (let i = 0; i < streams; i++) d.feed(w.headers(3 + 2 * i, w.get("/held")));
    },
    blow: (i) => [w.headers(idOf(i), w.get("/held"))],
    answer: 13,
  },
  {
    name: "RST_STREAM of streams that have ended",
    id: "CVE-2019-9514",
    cause: "resets",
    blow: () => [w.reset(VICTIM, 8)],
    answer: 0,
  },
  { name: "PING", id: "CVE-2019-9512", cause: "ping", blow: () => [w.ping()], answer: 17 },
  { name: "SETTINGS", id: "CVE-2019-9515", cause: "settings", blow: () => [w.settings([4, 70_000])], answer: 9 },
  { name: "SETTINGS ACK", id: "CVE-2019-9515", cause: "settings", blow: () => [w.SETTINGS_ACK], answer: 0 },
  {
    name: "empty DATA",
    id: "CVE-2019-9518",
    cause: "emptyData",
    start: (d) => d.feed(open(3)),
    blow: () => [w.data(3, "")],
    answer: 0,
  },
  {
    name: "DATA of padding alone",
    id: "CVE-2019-9518",
    cause: "emptyData",
    start: (d) => d.feed(open(3)),
    blow: () => [w.padded(3, "", 9)],
    answer: 0.1,
  },
  {
    name: "PRIORITY",
    id: "CVE-2019-9513",
    cause: "priority",
    blow: (i) => [w.frame(w.PRIORITY, 0, idOf(i), Uint8Array.of(0, 0, 0, 1, 9))],
    answer: 0,
  },
  {
    name: "WINDOW_UPDATE of the connection",
    id: "RFC 9113 10.5",
    cause: "windowUpdate",
    blow: () => [w.windowUpdate(0, 1)],
    answer: 0,
  },
  {
    name: "WINDOW_UPDATE of a stream",
    id: "RFC 9113 10.5",
    cause: "windowUpdate",
    start: (d) => d.feed(w.headers(3, w.get("/held"))),
    blow: () => [w.windowUpdate(3, 1)],
    answer: 0,
  },
  {
    name: "WINDOW_UPDATE of a stream that has ended",
    id: "RFC 9113 10.5",
    cause: "windowUpdate",
    blow: () => [w.windowUpdate(VICTIM, 1)],
    answer: 0,
  },
  {
    name: "frames of unknown types",
    id: "RFC 9113 5.5",
    cause: "otherFrames",
    blow: (i) => [w.frame(0x20 + (i % 200), 0, i, new Uint8Array(100))],
    answer: 0,
  },
  {
    name: "GOAWAY",
    id: "RFC 9113 6.8",
    cause: "otherFrames",
    start: (d) => d.feed(w.headers(3, w.get("/held"))),
    blow: () => [w.goAway(0, 0)],
    answer: 0.1,
  },
  {
    name: "HEADERS on a stream that we have reset",
    id: "RFC 9113 5.1",
    cause: "strayHeads",
    start: (d) => d.feed(open(3), w.windowUpdate(3, 0)),
    blow: () => [w.headers(3, [["x", "y"]])],
    answer: 0,
  },
  {
    name: "CONTINUATION, block after block",
    id: "CVE-2024-27316",
    cause: "continuation",
    // Each block is whole and its stream answered: what it earns is part of the budget.
    slack: budgets.continuation.burst * 10,
    blow: (i) => split(idOf(i), w.get(), 12),
    answer: 200,
  },
  {
    name: "windows of one byte",
    id: "CVE-2019-9511",
    cause: "tinyWindow",
    start: (d) => {
      d.feed(w.settings([4, 0]), w.headers(3, w.get("/held")));
      d.last.w.sendHead(responseHead(200), false);
      d.last.w.sendData(new Uint8Array(1 << 20), true);
    },
    blow: () => [w.windowUpdate(3, 1)],
    answer: 10,
  },
];

/** A head over HEADERS and `frames` CONTINUATION frames. */
function split(id: number, pairs: w.Pairs, frames: number): Uint8Array[] {
  const b = w.block(pairs);
  const out = [w.frame(w.HEADERS, w.END_STREAM, id, b)];
  for (let i = 1; i <= frames; i++) out.push(w.frame(w.CONTINUATION, i === frames ? w.END_HEADERS : 0, id));
  return out;
}

function drive(settings: ServerSettings = {}): ServerDrive {
  const d = new ServerDrive(settings);
  d.onEnd = (s) => {
    if (s.head.path !== "/held") s.reply(200, "ok");
  };
  d.feed(w.headers(VICTIM, w.get()));
  expect(d.last.ended).toBe(true);
  return d;
}

describe("floods", () => {
  for (const a of ATTACKS) {
    test(`${a.name} (${a.id}): the connection ends, soon and cheaply`, () => {
      const d = drive();
      a.start?.(d);
      const before = d.log.frames.length;
      const { burst } = budgets[a.cause];
      const most = burst + (a.slack ?? 0) + 64;
      let n = 0;
      for (; n < 100_000 && !d.closed; n++) d.feed(...a.blow(n));
      expect(d.closed).toBe(true);
      expect(d.options.spent).toEqual([a.cause]);
      expect(d.log.lines[d.log.lines.length - 1]).toMatch(/^GOAWAY \d+ ENHANCE_YOUR_CALM$/);
      expect(d.faults.map((e) => e.facts.code)).toEqual(["flood"]);
      expect(n).toBeLessThanOrEqual(most);
      // What it made us say, and how much of it.
      const frames = d.log.frames.slice(before);
      const bytes = frames.reduce((sum, f) => sum + 9 + f.payload.length, 0);
      expect(bytes).toBeLessThanOrEqual(n * a.answer + 1_000);
      // Nothing is left behind, and nothing is read any more.
      expect(d.codec.busy).toBe(false);
      const said = d.said.length;
      expect(d.feed(...a.blow(n + 1))).toEqual([]);
      expect(d.said).toHaveLength(said);
      expect(d.codec.deadline).toBe(Number.POSITIVE_INFINITY);
    });

    test(`${a.name} (${a.id}): a peer within its budget is served, for as long as it likes`, () => {
      const d = drive({ idleMs: Number.POSITIVE_INFINITY, stallMs: Number.POSITIVE_INFINITY, bodyMs: Number.POSITIVE_INFINITY });
      a.start?.(d);
      const { perSecond } = budgets[a.cause];
      const each = a.cause === "continuation" ? 12 : 1;
      let n = 0;
      for (let now = 0; now < 30_000 && !d.closed; now += 1_000) {
        d.at(now);
        for (let tokens = perSecond; tokens >= each; tokens -= each) d.feed(...a.blow(n++));
        if (a.name === "GOAWAY" || a.name === "streams beyond the limit") continue;
        const id = idOf(n++);
        const lines = d.feed(w.headers(id, w.get()));
        if (a.cause === "tinyWindow") lines.push(...d.feed(w.windowUpdate(id, 2)));
        expect(lines.slice(-2)).toEqual([expect.stringContaining("200"), expect.stringContaining('"ok" end')]);
      }
      expect(d.options.spent).toEqual([]);
      expect(d.closed).toBe(false);
    });
  }

  test("none of them is another connection's matter, which shares all that connections share", () => {
    for (const a of ATTACKS) {
      const d = drive();
      const neighbour = new ServerDrive();
      a.start?.(d);
      for (let n = 0; n < 3_000 && !d.closed; n++) {
        d.feed(...a.blow(n));
        if (n % 100 === 0) expect(neighbour.feed(w.headers(2 * n + 1, w.get()))).toHaveLength(2);
      }
      expect(neighbour.closed).toBe(false);
    }
  });

  test("DATA on a stream that we have reset is dropped, and costs the windows that it uses (RFC 9113 5.1)", () => {
    const d = drive();
    d.feed(open(3), w.windowUpdate(3, 0));
    const lines: string[] = [];
    for (let i = 0; i < 5_000; i++) lines.push(...d.feed(w.data(3, "x".repeat(1_000))));
    expect(d.closed).toBe(false);
    expect(d.last.body).toBe("");
    expect(lines.every((l) => l.startsWith("WINDOW 0 +"))).toBe(true);
    expect(lines.length).toBeLessThan(20);
  });

  test("a client that is served much may say much", () => {
    const d = new ServerDrive();
    d.onEnd = (s) => s.reply(200, "x".repeat(1_000));
    d.feed(w.windowUpdate(0, 0x70000000), w.settings([4, 0x7fffffff]));
    for (let i = 0; i < 3_000; i++) {
      d.feed(w.headers(2 * i + 1, w.get()), w.windowUpdate(0, 1_000), w.windowUpdate(0, 1), w.ping());
    }
    expect(d.closed).toBe(false);
    expect(d.streams).toHaveLength(3_000);
  });
});

describe("what one block may hold", () => {
  const limit = headBytes * BLOCK_BYTES_FACTOR;

  test("CONTINUATION without end (CVE-2024-27316): a few frames, whatever they hold", () => {
    for (const payload of [new Uint8Array(0), new Uint8Array(1), new Uint8Array(16_384)]) {
      const d = drive();
      d.feed(w.headers(3, w.get(), w.END_STREAM));
      let n = 1;
      for (; n < 10_000 && !d.closed; n++) d.feed(w.frame(w.CONTINUATION, 0, 3, payload));
      expect(d.options.spent).toEqual(["continuation"]);
      expect(n).toBeLessThanOrEqual(BLOCK_FRAMES + 1);
      expect(n * payload.length).toBeLessThanOrEqual(limit + 2 * 16_384);
      expect(d.streams).toHaveLength(1);
    }
  });

  test("an HPACK bomb (CVE-2016-6581): a field of 4 KB, named 2,000 times, is counted and not stored", () => {
    const d = drive();
    const bomb = w.block([["x", "y".repeat(4_000)]]);
    bomb[0] = 0x40;
    d.feed(w.frame(w.HEADERS, w.WHOLE, 3, w.join(w.block(w.get()), bomb)));
    const before = d.options.block.buf.length;
    for (let i = 0; i < 50; i++) {
      const refs = new Uint8Array(2_000).fill(0x80 | 62);
      const [head] = d.feed(w.frame(w.HEADERS, w.WHOLE, 5 + 2 * i, w.join(w.block(w.get()), refs)));
      expect(head).toContain("431");
    }
    // 8 MB each, if they were stored.
    expect(d.options.block.buf.length).toBeLessThanOrEqual(Math.max(before, 2 * headBytes));
    expect(d.feed(w.headers(901, w.get()))).toEqual(["HEADERS 901 200", 'DATA 901 "ok" end']);
  });

  test("references without end: the block is no block any more", () => {
    const d = drive();
    const refs = new Uint8Array(16_000).fill(0x82);
    expect(d.feed(w.frame(w.HEADERS, w.WHOLE, 3, refs))).toEqual(["GOAWAY 3 COMPRESSION_ERROR"]);
  });

  test("fields of no length (CVE-2019-9516): an empty name is malformed, empty values are counted", () => {
    const d = drive();
    expect(d.feed(w.headers(3, [...w.get(), ["", ""]]))).toEqual(["RST 3 PROTOCOL_ERROR"]);
    const many = Array.from({ length: 1_000 }, (_, i) => [`x${i}`, ""] as const);
    expect(d.feed(w.headers(5, [...w.get(), ...many]))[0]).toContain("431");
    const crumbs = Array.from({ length: 1_500 }, () => ["cookie", ""] as const);
    // As many as a head's bytes allow, by what each field counts for.
    expect(d.feed(w.headers(7, [...w.get(), ...crumbs]))[0]).toMatch(/431|200/);
    expect(d.feed(w.headers(9, w.get()))[0]).toContain("200");
  });
});

describe("references and stalled windows (CVE-2026-49975)", () => {
  /** A client that lets a table entry of 4 KB count, and opens streams of references to it behind a window of nothing. */
  function attack(d: ServerDrive, opened: number): string[] {
    const entry = w.block([["x-big", "y".repeat(3_900)]]);
    entry[0] = 0x40;
    d.feed(w.settings([4, 0]), w.frame(w.HEADERS, w.WHOLE, 3, w.join(w.block(w.get("/held")), entry)));
    const refs = new Uint8Array(16).fill(0x80 | 62);
    const lines: string[] = [];
    for (let i = 0; i < opened; i++)
      lines.push(...d.feed(w.frame(w.HEADERS, w.WHOLE, 5 + 2 * i, w.join(w.block(w.get("/held")), refs))));
    return lines;
  }

  function heldBytes(d: ServerDrive): number {
    const live = d.streams.filter((s) => s.error === null && s.head.path === "/held");
    return live.reduce((n, s) => n + s.head.fields.spans.reduce((most, v) => Math.max(most, v), 0) - s.head.fields.spans[0]!, 0);
  }

  test("heads that are held are bounded together, and what is refused may be asked again", () => {
    const d = drive();
    const lines = attack(d, streams - 2);
    expect(lines.length).toBeGreaterThan(50);
    expect(new Set(lines.map((l) => l.replace(/\d+/, "n")))).toEqual(new Set(["RST n REFUSED_STREAM"]));
    expect(heldBytes(d)).toBeLessThanOrEqual(heldHeadBytes);
    expect(d.closed).toBe(false);
    // Whoever asks for little is still served, beside them.
    expect(d.feed(w.settings([4, 70_000]), w.headers(9_001, w.get())).slice(1)).toEqual([
      "HEADERS 9001 200",
      'DATA 9001 "ok" end',
    ]);
  });

  test("a peer that goes on is sent away", () => {
    const d = drive();
    attack(d, 5_000);
    expect(d.options.spent).toEqual(["resets"]);
    expect(d.codec.busy).toBe(false);
  });

  test("what waits for a window that does not open is given up, and its memory with it", () => {
    const d = drive({ stallMs: 1_000, idleMs: 60_000 });
    attack(d, 20);
    for (const s of d.streams) {
      if (s.head.path !== "/held") continue;
      s.w.sendHead(responseHead(200), false);
      s.w.sendData(new Uint8Array(100_000), false);
    }
    d.after();
    // A byte now and then keeps none of them.
    for (let now = 100; now < 1_000; now += 100) {
      d.at(now);
      for (let i = 0; i < 20; i++) d.feed(w.windowUpdate(5 + 2 * i, 1));
    }
    d.at(1_000);
    expect(d.streams.filter((s) => s.head.path === "/held").every((s) => s.error?.facts.code === "writeTimeout")).toBe(true);
    expect(d.codec.busy).toBe(false);
    expect(d.feed(w.settings([4, 70_000]), w.headers(9_001, w.get())).slice(1)).toEqual([
      "HEADERS 9001 200",
      'DATA 9001 "ok" end',
    ]);
  });
});

describe("replies that wait for windows are bounded together (CVE-2026-49975)", () => {
  const PIECE = 256 * 1024;
  const FREE = WAITING_FREELY / PIECE;

  /** A client whose windows never open; each of its requests is answered with 256 KiB that wait. */
  function stall(d: ServerDrive, from: number, to: number): ServerSide[] {
    for (let i = from; i < to; i++) {
      d.feed(w.headers(idOf(i), w.get("/held")));
      d.last.w.sendHead(responseHead(200), false);
      d.last.w.sendData(new Uint8Array(PIECE), false);
    }
    d.after();
    // The first is the victim's.
    return d.streams.slice(from + 1, to + 1);
  }

  function waiting(): ServerDrive {
    const d = drive({ stallMs: 60_000, idleMs: 600_000 });
    d.onEnd = null;
    d.feed(w.settings([4, 0]));
    return d;
  }

  test("past the bound who feeds them is told, and who began to wait then has less time", () => {
    const d = waiting();
    const early = stall(d, 0, FREE);
    expect(early.every((s) => s.w.crowded)).toBe(false);
    const late = stall(d, FREE, FREE + 8);
    expect(late[0]!.w.crowded).toBe(true);
    d.at(CROWDED_STALL_MS + 1);
    expect(late.map((s) => s.error?.facts.code)).toEqual(Array.from({ length: 8 }, () => "writeTimeout" as const));
    expect(early.every((s) => s.error === null)).toBe(true);
    expect(early[0]!.w.crowded).toBe(false);
  });

  test("a stream that takes a little now and then keeps its place", () => {
    const d = waiting();
    stall(d, 0, FREE);
    const [slow] = stall(d, FREE, FREE + 1);
    for (let now = 1_000; now <= 3 * CROWDED_STALL_MS; now += 1_000) {
      d.at(now);
      d.feed(w.windowUpdate(idOf(FREE), 1_024), w.windowUpdate(0, 1_024));
    }
    expect(slow!.error).toBeNull();
  });

  test("what is taken, reset or ended is counted no more", () => {
    const d = waiting();
    stall(d, 0, FREE + 1);
    expect(d.last.w.crowded).toBe(true);
    d.feed(w.reset(idOf(0), 8));
    expect(d.last.w.crowded).toBe(false);
    stall(d, FREE + 1, FREE + 2);
    expect(d.last.w.crowded).toBe(true);
    d.feed(w.windowUpdate(idOf(1), PIECE), w.windowUpdate(0, PIECE));
    expect(d.last.w.crowded).toBe(false);
  });
});

describe("what a slow reader makes us keep", () => {
  test("a body in frames of one byte costs little more than its bytes", () => {
    const d = drive();
    d.feed(open(3));
    const s = d.last;
    s.eager = false;
    // Frames of one byte in chunks of 16 KiB, as a socket hands them out: a view of each would keep all of it.
    const one = w.data(3, "x");
    const chunk = w.join(...Array.from({ length: 1_638 }, () => one));
    for (let i = 0; i < 100; i++) d.feed(chunk.slice());
    const memory = new Set(s.pieces.map((p) => p.buffer));
    const kept = [...memory].reduce((n, b) => n + b.byteLength, 0);
    expect(s.body.length).toBeGreaterThan(150_000);
    expect(s.pieces.length).toBeLessThan(100);
    expect(kept).toBeLessThan(3 * STREAM_WINDOW);
  });

  test("replies that nobody takes stay within the output's bound, and the client is not read any more", () => {
    const d = drive();
    d.codec.setFlushed(false);
    let n = 0;
    for (; n < 10_000 && d.codec.wantsRead; n++) {
      d.options.clock.now += 1_000;
      d.feed(w.ping(), w.headers(idOf(n), w.get("/", ["x", "z".repeat(50)])));
    }
    expect(d.codec.wantsRead).toBe(false);
    const waiting = d.log.frames.reduce((sum, f) => sum + 9 + f.payload.length, 0);
    expect(waiting).toBeLessThan(300_000);
  });
});
