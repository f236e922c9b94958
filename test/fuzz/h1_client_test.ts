import { expect, test } from "bun:test";
import { cutAt } from "../unit/http/h1/cuts.ts";
import { type ClientSettings, runClient } from "../unit/http/h1/drive_client.ts";
import { someReply } from "./messages.ts";
import { cuts, mutate } from "./mutate.ts";
import { fuzzPlan, Random } from "./random.ts";

const plan = fuzzPlan(12_000);
const SETTINGS: readonly ClientSettings[] = [
  {},
  { method: "HEAD" },
  { upgrade: "websocket" },
  { unsent: true },
  { limits: { headBytes: 120, startLineBytes: 40, fields: 4 } },
  { limits: { headBytes: 40, startLineBytes: 120, fields: 4 }, maxRequests: 1 },
];

test(`replies, changed and cut anyhow, are read alike and never throw (FUZZ_SEED=${plan.seed})`, () => {
  const r = new Random(plan.seed);
  let taken = 0;
  for (let i = 0; i < plan.rounds; i++) {
    const text = mutate(r, someReply(r));
    const settings = r.pick(SETTINGS);
    const fin = r.once(2);
    const offsets = cuts(r, text.length);
    const whole = runClient([Buffer.from(text, "latin1")], settings, fin);
    const cut = runClient(cutAt(text, offsets), settings, fin);
    if (whole.full.join("\n") !== cut.full.join("\n") || whole.after !== cut.after) {
      const show = { seed: plan.seed, round: i, text, offsets, settings, fin };
      expect({ ...show, ...cut }).toEqual({ ...show, ...whole });
    }
    // One end and no more: the reply's, or a fault.
    const ends = whole.events.filter((e) => e === "end" || e === "tunnel" || e.startsWith("reset ")).length;
    if (ends > 1 || (fin && ends !== 1))
      expect({ text, settings, fin, events: whole.events }).toEqual({ text, settings, fin, events: [] });
    if (whole.events.includes("end")) taken++;
  }
  expect(taken).toBeGreaterThan(plan.rounds / 5);
});
