import { expect, test } from "bun:test";
import { localFault } from "../../src/base/error.ts";
import { Fields } from "../../src/http/fields.ts";
import { requestHead } from "../unit/http/h2/client_drive.ts";
import { Pair } from "../unit/http/h2/pair.ts";
import { responseHead, type ServerSide } from "../unit/http/h2/server_drive.ts";
import { join, settings, text } from "../unit/http/h2/wire.ts";
import { fuzzPlan, Random } from "./random.ts";

const plan = fuzzPlan(60);
const GIVEN_UP = localFault("internal", 500, "given up");

function bytes(r: Random): Uint8Array {
  const n = r.pick([0, 1, 10, 1_000, 20_000, 90_000]);
  const seed = r.below(255);
  return Uint8Array.from({ length: n }, (_, i) => (i * 31 + seed) & 0xff);
}

/** Writes a body in pieces of some sizes, as far as there is room, then its end: with the last piece, apart, or as trailers. */
class Writer {
  readonly all: Uint8Array;
  readonly trailers: boolean;
  readonly #apart: boolean;
  readonly #piece: number;
  #at = 0;
  over = false;

  constructor(r: Random) {
    this.all = bytes(r);
    this.trailers = r.once(3);
    this.#apart = this.trailers || r.once(2) || this.all.length === 0;
    this.#piece = r.pick([100, 5_000, 40_000]);
  }

  push(w: { sendData(b: Uint8Array, end: boolean): number; sendTrailers(f: Fields): void }): void {
    for (let room = 1; room > 0 && !this.over; ) {
      const to = Math.min(this.#at + this.#piece, this.all.length);
      const last = to === this.all.length;
      const b = this.all.slice(this.#at, to);
      this.#at = to;
      this.over = last;
      if (!last || !this.#apart) room = w.sendData(b, last);
      else {
        if (b.length > 0) w.sendData(b, false);
        if (this.trailers) w.sendTrailers(Fields.of("X-End", "1"));
        else w.sendData(new Uint8Array(0), true);
      }
    }
  }
}

test(`whatever a client and a server say at once comes over whole, on any wire (FUZZ_SEED=${plan.seed})`, () => {
  const r = new Random(plan.seed);
  let whole = 0;
  for (let round = 0; round < plan.rounds; round++) {
    const p = new Pair({ server: { limits: { streams: r.pick([1, 3, 100]) } } });
    p.run();
    if (r.once(3)) p.server.codec.receive(settings([4, r.pick([0, 1, 1_000])]));
    if (r.once(3)) p.client.codec.receive(settings([4, r.pick([0, 1, 1_000])], [3, r.pick([1, 3, 100])]));
    const size = r.pick([1, 50, 3_000, 100_000]);
    p.cut = () => 1 + r.below(size);
    const replies = new Map<ServerSide, Writer>();
    const lazy = r.once(2);
    const early = r.once(4);
    const answer = (s: ServerSide): void => {
      if (replies.has(s)) return;
      const writer = new Writer(r);
      replies.set(s, writer);
      s.w.sendHead(responseHead(200, Fields.of("X-Path", s.head.path)), false);
      s.onRoom = () => writer.push(s.w);
      writer.push(s.w);
    };
    p.server.onHead = (s) => {
      s.eager = !lazy;
      if (early) answer(s);
    };
    p.server.onEnd = answer;
    p.server.onReset = (s, e) => s.w.reset(e);
    const requests: Writer[] = [];
    const given: boolean[] = [];
    for (let steps = 40 + r.below(200); steps > 0; steps--) {
      const dice = r.below(10);
      if (dice === 0 && p.client.codec.capacity > 0 && requests.length < 30) {
        const writer = new Writer(r);
        const s = p.client.open();
        s.eager = !lazy;
        requests.push(writer);
        given.push(false);
        s.w.sendHead(requestHead("POST", `/${requests.length - 1}`, Fields.of("Host", "a"), { contentLength: -1 }), false);
        s.onRoom = () => writer.push(s.w);
        writer.push(s.w);
      } else if (dice === 1) p.client.codec.setFlushed(r.once(2));
      else if (dice === 2) p.server.codec.setFlushed(r.once(2));
      else if (dice === 3) credit(p, r);
      else if (dice === 4 && r.once(6) && requests.length > 0) {
        const i = r.below(requests.length);
        const s = p.client.streams[i]!;
        if (!s.ended && s.error === null && !given[i]) {
          given[i] = true;
          s.w.reset(GIVEN_UP);
        }
      } else if (dice === 5 && r.once(30)) p.server.codec.drain("announce");
      else p.step();
    }
    settle(p);
    // Small windows that nobody opens again hold some of it for good: they are opened now.
    p.server.codec.receive(settings([4, 1_000_000]));
    p.client.codec.receive(settings([4, 1_000_000]));
    settle(p);
    for (const [i, s] of p.client.streams.entries()) {
      const show = { seed: plan.seed, round, stream: i };
      if (given[i]) continue;
      if (s.error !== null) {
        expect({ ...show, retry: s.error.facts.retry }).toEqual({ ...show, retry: "always" });
        continue;
      }
      const t = p.server.streams.find((x) => x.head.path === `/${i}`);
      if (t === undefined || !s.ended) throw new Error(`a request was lost: ${JSON.stringify(show)}`);
      const reply = replies.get(t)!;
      whole++;
      expect({ ...show, same: same(s.pieces, reply.all), trailers: s.trailers !== null }).toEqual({
        ...show,
        same: true,
        trailers: reply.trailers,
      });
      // A reply that was whole before its request may have stopped that.
      if (t.ended) expect({ ...show, same: same(t.pieces, requests[i]!.all) }).toEqual({ ...show, same: true });
      else if (!early) throw new Error(`a request did not end: ${JSON.stringify(show)}`);
    }
    expect({ round, faults: [...p.client.faults, ...p.server.faults].map((e) => e.message) }).toEqual({ round, faults: [] });
    expect({ round, busy: p.server.codec.busy, idle: p.client.codec.idle }).toEqual({ round, busy: false, idle: true });
  }
  expect(whole).toBeGreaterThan(plan.rounds);
}, 600_000);

function same(pieces: readonly Uint8Array[], sent: Uint8Array): boolean {
  return text(join(...pieces)) === text(sent);
}

function credit(p: Pair, r: Random): void {
  for (const s of [...p.client.streams, ...p.server.streams]) if (s.owed > 0 && r.once(2)) s.credit(1 + r.below(s.owed));
}

function settle(p: Pair): void {
  p.client.codec.setFlushed(true);
  p.server.codec.setFlushed(true);
  for (let i = 0; i < 10_000; i++) {
    p.run();
    const owing = [...p.client.streams, ...p.server.streams].filter((s) => s.owed > 0);
    if (owing.length === 0) return;
    for (const s of owing) s.credit();
  }
  throw new Error("the pair never rests");
}
