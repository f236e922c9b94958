import { expect, test } from "bun:test";
import { joinText } from "../unit/http/h1/transcript.ts";
import { Reply, Requests } from "./forward.ts";
import { someReply, someRequests } from "./messages.ts";
import { mutate } from "./mutate.ts";
import { fuzzPlan, Random } from "./random.ts";

const plan = fuzzPlan(12_000);

test(`a request that is sent on is the same request to the next reader (FUZZ_SEED=${plan.seed})`, () => {
  const r = new Random(plan.seed);
  let compared = 0;
  for (let i = 0; i < plan.rounds; i++) {
    const text = mutate(r, someRequests(r));
    const here = new Requests(true).read(text);
    const there = new Requests(false).read(joinText(here.sent));
    const said = JSON.stringify(there.all);
    const wanted = JSON.stringify(here.all);
    if (said !== wanted)
      expect({ round: i, text, sent: joinText(here.sent), there: there.all }).toEqual({
        round: i,
        text,
        sent: joinText(here.sent),
        there: here.all,
      });
    compared += here.all.filter((m) => m.whole).length;
  }
  expect(compared).toBeGreaterThan(plan.rounds / 2);
});

test(`a reply that is sent on is the same reply to the next reader (FUZZ_SEED=${plan.seed})`, () => {
  const r = new Random(plan.seed + 1);
  let compared = 0;
  for (let i = 0; i < plan.rounds; i++) {
    const text = mutate(r, someReply(r));
    const method = r.pick(["GET", "GET", "HEAD", "POST"]);
    const here = new Reply(method, true).read(text, r.once(2));
    const sent = joinText(here.sent);
    const there = new Reply(method, false).read(sent, false);
    // What was cut short stays so: the connection is reset behind it.
    if (JSON.stringify(there.heads) !== JSON.stringify(here.heads))
      expect({ round: i, text, sent, heads: there.heads }).toEqual({ round: i, text, sent, heads: here.heads });
    if (here.whole) compared++;
  }
  expect(compared).toBeGreaterThan(plan.rounds / 5);
});
