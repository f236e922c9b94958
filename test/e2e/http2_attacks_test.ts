import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { DEFAULT_H2_LIMITS } from "../../src/http/h2/limits.ts";
import { until, within } from "../support/deadline.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { cpuTicks, residentBytes } from "../support/process_tree.ts";
import { get } from "../support/raw_client.ts";
import { type RawOrigin, reply, startOrigin } from "../support/raw_origin.ts";
import * as wire from "../unit/http/h2/wire.ts";

setDefaultTimeout(60_000);

// The attacks of the codec's tests against the whole program: it ends the attacker's connection, neither its memory nor its processor time
// follows what the attacker sends, and others are served meanwhile.

const MIB = 1024 * 1024;
/** What the program's memory may grow by: garbage of a run, and not what an attack asks for. */
const ROOM = 64 * MIB;
/** Clock ticks, a hundred to a second: an attack that was worked on to its end would take many times as much. */
const TICKS = 800;
const BLOWS = 50_000;
const BATCH = 50;
const ENHANCE_YOUR_CALM = 11;
const LARGE = MIB;

let origin: RawOrigin;
let w: Listeners;

beforeAll(async () => {
  const large = "x".repeat(LARGE);
  origin = await startOrigin({
    serve: (request, conn) => {
      if (request.target !== "/held") conn.send(reply(200, request.target === "/large" ? large : "ok"));
    },
  });
  w = await startListeners(
    { web: { detect: true, timeouts: { head: "1s" } } },
    { clusters: { origin: { endpoints: [`127.0.0.1:${origin.port}`] } }, routes: [{ to: "origin" }] },
  );
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  await origin.close();
});

interface Attack {
  readonly name: string;
  readonly id: string;
  /** Of `weir_listener_floods_total`, or several by `|`; "": the connection ends for what the blow itself is. */
  readonly budget: string;
  readonly start?: readonly Uint8Array[];
  readonly blow: (i: number) => readonly Uint8Array[];
}

function idOf(i: number): number {
  return 1_001 + 2 * i;
}
function open(id: number, ...more: wire.Pairs): Uint8Array {
  return wire.headers(id, wire.post(...more), wire.END_HEADERS);
}
const HELD = wire.headers(3, wire.get("/held"));

const ATTACKS: readonly Attack[] = [
  {
    name: "rapid reset",
    id: "CVE-2023-44487",
    budget: "resets",
    blow: (i) => [wire.headers(idOf(i), wire.get("/held")), wire.reset(idOf(i), 8)],
  },
  {
    name: "made you reset",
    id: "CVE-2025-8671",
    budget: "resets",
    blow: (i) => [open(idOf(i)), wire.windowUpdate(idOf(i), 0)],
  },
  {
    name: "zero-length field names",
    id: "CVE-2019-9516",
    budget: "resets",
    blow: (i) => [wire.headers(idOf(i), wire.get("/", ["", ""]))],
  },
  {
    name: "a head that never ends",
    id: "CVE-2024-27316",
    budget: "",
    start: [wire.frame(wire.HEADERS, wire.END_STREAM, 3, wire.block(wire.get()))],
    blow: () => [wire.frame(wire.CONTINUATION, 0, 3, wire.block([["x", "y".repeat(100)]]))],
  },
  { name: "PING", id: "CVE-2019-9512", budget: "ping", blow: () => [wire.ping()] },
  { name: "SETTINGS", id: "CVE-2019-9515", budget: "settings", blow: () => [wire.settings([4, 70_000])] },
  { name: "empty DATA", id: "CVE-2019-9518", budget: "emptyData", start: [open(3)], blow: () => [wire.data(3, "")] },
  {
    name: "PRIORITY",
    id: "CVE-2019-9513",
    budget: "priority",
    blow: (i) => [wire.frame(wire.PRIORITY, 0, idOf(i), Uint8Array.of(0, 0, 0, 1, 9))],
  },
  { name: "WINDOW_UPDATE", id: "RFC 9113 10.5", budget: "windowUpdate", start: [HELD], blow: () => [wire.windowUpdate(3, 1)] },
  {
    name: "windows of one byte",
    id: "CVE-2019-9511",
    // Updates that come together are one frame of data: then it is they that are too many.
    budget: "tinyWindow|windowUpdate",
    start: [wire.settings([4, 0]), wire.headers(3, wire.get("/large"))],
    blow: () => [wire.windowUpdate(3, 1)],
  },
  {
    name: "unknown frames",
    id: "RFC 9113 5.5",
    budget: "otherFrames",
    blow: (i) => [wire.frame(0x20, 0, i, new Uint8Array(100))],
  },
];

/** A raw connection with HTTP/2's preface behind it. */
class Attacker {
  readonly socket: Socket;
  readonly #chunks: Uint8Array[] = [];
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (b: Buffer) => this.#chunks.push(new Uint8Array(b)));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
    });
    socket.on("end", () => {
      this.closed = true;
    });
  }

  static async open(...first: readonly Uint8Array[]): Promise<Attacker> {
    const socket = connect({ host: "127.0.0.1", port: w.port["web"]!, allowHalfOpen: true });
    const a = new Attacker(socket);
    await within("the connection", 5000, new Promise((resolve) => socket.once("connect", resolve)));
    await a.send(wire.PREFACE, wire.settings(), ...first);
    return a;
  }

  async send(...parts: readonly Uint8Array[]): Promise<void> {
    if (this.closed) return;
    if (this.socket.write(wire.join(...parts))) return;
    await within(
      "room to send",
      10_000,
      new Promise<void>((resolve) => {
        const go = (): void => resolve();
        this.socket.once("drain", go);
        this.socket.once("close", go);
        this.socket.once("end", go);
      }),
    );
  }

  /** Error codes of the GOAWAY frames that came. */
  goAways(): number[] {
    const frames = wire.framesOf(wire.join(...this.#chunks));
    return frames
      .filter((f) => f.type === wire.GOAWAY)
      .map((f) => new DataView(f.payload.buffer, f.payload.byteOffset).getUint32(4));
  }
}

/** Asks as another client, again and again, until it is stopped; how often it was served. */
function bystander(): { stop: () => Promise<number> } {
  let going = true;
  const served = (async () => {
    let n = 0;
    while (going) {
      expect((await get(w.port["web"]!, "/ok")).status).toBe(200);
      n++;
    }
    return n;
  })();
  return {
    stop: () => {
      going = false;
      return served;
    },
  };
}

/** Runs `f`, with somebody else being served, and holds what it cost. */
async function bounded(f: () => Promise<void>, room: number = ROOM): Promise<void> {
  const { pid } = w.site.weir;
  const memory = residentBytes(pid);
  const ticks = cpuTicks(pid);
  const other = bystander();
  try {
    await f();
  } finally {
    expect(await other.stop()).toBeGreaterThan(0);
  }
  expect(residentBytes(pid) - memory).toBeLessThan(room);
  expect(cpuTicks(pid) - ticks).toBeLessThan(TICKS);
}

describe("a flood ends its own connection, and costs nobody else", () => {
  for (const { name, id, budget, start = [], blow } of ATTACKS) {
    test(`${name} (${id})`, async () => {
      const before = budget === "" ? 0 : await floods(budget);
      await bounded(async () => {
        const a = await Attacker.open(...start);
        for (let i = 0; i < BLOWS && !a.closed; i += BATCH) {
          const batch = Array.from({ length: BATCH }, (_, k) => blow(i + k)).flat();
          await a.send(...batch);
          await new Promise((resolve) => setImmediate(resolve));
        }
        await until("the end of the attacker's connection", () => a.closed);
        if (budget !== "") expect(a.goAways()).toContain(ENHANCE_YOUR_CALM);
        a.socket.destroy();
      });
      if (budget !== "") expect(await floods(budget)).toBe(before + 1);
    });
  }
});

describe("a bomb is not unpacked", () => {
  test("a table entry of 4 KiB by thousands of references (HPACK bomb, CVE-2026-49975)", async () => {
    await bounded(async () => {
      const a = await Attacker.open();
      // A literal with incremental indexing, then references to it (RFC 7541 6.2.1, 6.1).
      const name = wire.latin1("x");
      const value = new Uint8Array(4000).fill(0x61);
      const entry = wire.join(Uint8Array.of(0x40, name.length), name, Uint8Array.of(0x7f, 0xa1, 0x1e), value);
      const bomb = wire.join(wire.block(wire.get()), entry, new Uint8Array(2000).fill(0x80 | 62));
      for (let i = 0; i < 200 && !a.closed; i++) await a.send(wire.frame(wire.HEADERS, wire.WHOLE, idOf(i), bomb));
      await until("an answer", () => a.closed || a.socket.bytesRead > 200);
      a.socket.destroy();
    });
  });

  test("replies of 1 MiB on all streams, whose windows never open (CVE-2026-49975)", async () => {
    await bounded(async () => {
      const a = await Attacker.open(wire.settings([4, 0]));
      const { streams } = DEFAULT_H2_LIMITS;
      for (let i = 0; i < streams; i++) await a.send(wire.headers(idOf(i), wire.get("/large")));
      await until("the heads of the replies", () => a.socket.bytesRead > streams * 9);
      a.socket.destroy();
    });
  });
});

test("a preface that drips ends at the head's time", async () => {
  const socket = connect({ host: "127.0.0.1", port: w.port["web"]!, allowHalfOpen: true });
  let closed = false;
  socket.on("error", () => {});
  socket.on("end", () => {
    closed = true;
  });
  socket.on("close", () => {
    closed = true;
  });
  socket.write("PRI * HT");
  await until("the end of the connection", () => closed, 10_000);
  socket.destroy();
});

async function floods(budgets: string): Promise<number> {
  let sum = 0;
  for (const budget of budgets.split("|"))
    sum += await w.site.weir.metric("weir_listener_floods_total", { listener: "web", budget });
  return sum;
}
