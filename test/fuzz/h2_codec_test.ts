import { describe, expect, test } from "bun:test";
import { ClientDrive } from "../unit/http/h2/client_drive.ts";
import { ServerDrive } from "../unit/http/h2/server_drive.ts";
import { cutBytes, mutateBytes, someFrames } from "./h2_frames.ts";
import { fuzzPlan, Random } from "./random.ts";

const plan = fuzzPlan(2_500);

interface Run {
  readonly said: readonly string[];
  readonly out: readonly string[];
  readonly texts: readonly string[];
  readonly closed: boolean;
}

function server(pieces: readonly Uint8Array[], small: boolean): Run {
  const d = new ServerDrive(small ? { limits: { headBytes: 300, fields: 3, streams: 2, pathBytes: 10 } } : {});
  d.onEnd = (s) => {
    if (s.head.path !== "/held") s.reply(200, `${s.body}ok`);
  };
  for (const b of pieces) d.feed(b);
  // What it says must be frames (`FrameLog` reads them all), and what it has in hand what was not answered.
  const texts = [...d.faults, ...d.streams.map((s) => s.error)].flatMap((e) => (e === null ? [] : [e.message]));
  if (d.codec.wantsClose !== d.closed) throw new Error("a close that was not seen");
  return { said: d.said, out: d.log.summary(), texts, closed: d.closed };
}

function client(pieces: readonly Uint8Array[], small: boolean): Run {
  const d = new ClientDrive(small ? { limits: { headBytes: 300, fields: 3 } } : {});
  for (const method of ["GET", "HEAD", "POST"]) d.get("/", method);
  for (let i = 0; i < 2; i++) d.post().w.sendData(new Uint8Array(1_000), i === 0);
  d.after();
  for (const b of pieces) d.feed(b);
  const texts = [...d.faults, ...d.streams.map((s) => s.error)].flatMap((e) => (e === null ? [] : [e.message]));
  return { said: d.said, out: d.log.summary(), texts, closed: d.codec.wantsClose };
}

describe(`frames, changed and cut anyhow, are read alike and never throw (FUZZ_SEED=${plan.seed})`, () => {
  for (const [role, run] of [
    ["server", server],
    ["client", client],
  ] as const) {
    test(role, () => {
      const r = new Random(plan.seed);
      let taken = 0;
      let lived = 0;
      for (let i = 0; i < plan.rounds; i++) {
        const frames = someFrames(r, role === "client");
        const bytes = r.once(2) ? frames : mutateBytes(r, frames);
        const pieces = cutBytes(r, bytes);
        const small = r.once(4);
        const whole = run([bytes.slice()], small);
        const cut = run(pieces, small);
        if (JSON.stringify(whole) !== JSON.stringify(cut)) {
          const show = {
            seed: plan.seed,
            round: i,
            role,
            small,
            bytes: Buffer.from(bytes).toString("hex"),
            at: pieces.map((p) => p.length),
          };
          expect({ ...show, ...cut }).toEqual({ ...show, ...whole });
        }
        if (whole.said.some((line) => line.includes(" @") || / 200/.test(line))) taken++;
        if (!whole.closed) lived++;
      }
      // Fuzz that is refused at its first byte tests nothing.
      expect(taken).toBeGreaterThan(plan.rounds / 4);
      expect(lived).toBeGreaterThan(plan.rounds / 10);
    }, 600_000);
  }
});
