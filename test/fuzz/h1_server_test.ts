import { expect, test } from "bun:test";
import { cutAt } from "../unit/http/h1/cuts.ts";
import { type Answer, runServer, type ServerSettings } from "../unit/http/h1/drive_server.ts";
import { someRequests } from "./messages.ts";
import { cuts, mutate } from "./mutate.ts";
import { fuzzPlan, Random } from "./random.ts";

const plan = fuzzPlan(12_000);
const SETTINGS: readonly ServerSettings[] = [
  {},
  { limits: { headBytes: 200, startLineBytes: 60, fields: 5 } },
  { limits: { headBytes: 60, startLineBytes: 200, fields: 5 } },
  { underscores: "refuse", maxRequests: 2 },
  { underscores: "keep", mergeSlashes: true },
];

test(`requests, changed and cut anyhow, are read alike and never throw (FUZZ_SEED=${plan.seed})`, () => {
  const r = new Random(plan.seed);
  let taken = 0;
  for (let i = 0; i < plan.rounds; i++) {
    const text = mutate(r, someRequests(r));
    const settings = r.pick(SETTINGS);
    const fin = r.once(3);
    const answer = r.pick<Answer>(["atEnd", "atEndLater", "atHead"]);
    const offsets = cuts(r, text.length);
    const show = { seed: plan.seed, round: i, text, answer, settings, fin };
    const whole = runServer([Buffer.from(text, "latin1")], answer, settings, fin);
    const cut = runServer(cutAt(text, offsets), answer, settings, fin);
    if (whole.full.join("\n") !== cut.full.join("\n") || whole.out !== cut.out || whole.closes !== cut.closes) {
      expect({ ...show, offsets, ...cut }).toEqual({ ...show, offsets, ...whole });
    }
    // Each request is answered once, and a refusal is the last reply.
    const heads = whole.events.filter((e) => / @/.test(e)).length;
    expect(whole.replies.length).toBeLessThanOrEqual(heads + 1);
    const refusal = whole.replies.findIndex((reply) => !reply.startsWith("200"));
    if (refusal >= 0 && refusal !== whole.replies.length - 1)
      expect({ ...show, replies: whole.replies }).toEqual({ ...show, replies: [] });
    if (heads > 0) taken++;
  }
  // Fuzz that is refused at its first byte tests nothing.
  expect(taken).toBeGreaterThan(plan.rounds / 5);
});
