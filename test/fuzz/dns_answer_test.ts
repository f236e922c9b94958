import { expect, test } from "bun:test";
import { isIP } from "node:net";
import { type Answer, encode } from "dns-packet";
import { type DnsQuestion, isDnsName, readAnswer } from "../../src/platform/dns_message.ts";
import { fuzzPlan, Random } from "./random.ts";

const plan = fuzzPlan(20_000);
const NAMES = ["app.test", "a.app.test", "_http._tcp.app.test", "x.y.z.app.test", "."];

test(`answers, changed anyhow, are read or dropped, and what is read is well formed (FUZZ_SEED=${plan.seed})`, () => {
  const r = new Random(plan.seed);
  let read = 0;
  for (let i = 0; i < plan.rounds; i++) {
    const q: DnsQuestion = { id: r.below(65_536), name: r.pick(NAMES.slice(0, 3)), type: r.pick(["A", "AAAA", "SRV"] as const) };
    const bytes = new Uint8Array(someAnswer(r, q));
    const changed = r.once(3) ? bytes : changedBytes(r, bytes);
    const show = { seed: plan.seed, round: i, bytes: Array.from(changed) };
    const said = readAnswer(changed, q);
    if (said === null) continue;
    if (said.kind === "addresses") {
      read++;
      for (const { address, ttl } of said.records)
        expect({ ...show, good: isIP(address) === (q.type === "A" ? 4 : 6) && isWhole(ttl, 2 ** 32) }).toEqual({
          ...show,
          good: true,
        });
    } else if (said.kind === "services") {
      read++;
      for (const s of said.records) {
        const good =
          isDnsName(s.target) && [s.port, s.priority, s.weight].every((n) => isWhole(n, 65_536)) && isWhole(s.ttl, 2 ** 32);
        expect({ ...show, good }).toEqual({ ...show, good: true });
      }
    }
  }
  // Fuzz that is dropped at its first byte tests nothing.
  expect(read).toBeGreaterThan(plan.rounds / 5);
});

function isWhole(n: number, below: number): boolean {
  return Number.isInteger(n) && n >= 0 && n < below;
}

function someAnswer(r: Random, { id, name, type }: DnsQuestion): Uint8Array {
  const answers: Answer[] = [];
  let owner = name;
  for (let aliases = r.below(3); aliases > 0; aliases--) {
    const data = r.pick(NAMES.slice(0, 4));
    answers.push({ type: "CNAME", name: owner, ttl: r.below(1000), data });
    owner = data;
  }
  for (let n = r.below(6); n > 0; n--) {
    const ttl = r.below(100_000);
    if (type === "A") answers.push({ type, name: owner, ttl, data: `10.0.${r.below(256)}.${r.below(256)}` });
    else if (type === "AAAA") answers.push({ type, name: owner, ttl, data: `2001:db8::${r.below(65_536).toString(16)}` });
    else {
      const data = { target: r.pick(NAMES), port: r.below(65_536), priority: r.below(65_536), weight: r.below(65_536) };
      answers.push({ type, name: owner, ttl, data });
    }
  }
  return encode({ type: "response", id, flags: r.once(10) ? r.below(16) : 0, questions: [{ name, type }], answers });
}

/** Bits that flip, numbers at the edge, pieces that are missing or come twice. Behind the id and the question, mostly. */
function changedBytes(r: Random, b: Uint8Array<ArrayBuffer>): Uint8Array {
  const out = b.slice();
  const at = (): number =>
    r.once(5) ? r.below(out.length) : Math.min(out.length - 1, 12 + r.below(Math.max(1, out.length - 12)));
  for (let n = 1 + r.below(4); n > 0; n--) {
    if (r.once(2)) out[at()]! ^= 1 << r.below(8);
    else out[at()] = r.pick([0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff]);
  }
  if (r.once(6)) return out.subarray(0, r.below(out.length + 1));
  if (!r.once(8)) return out;
  const from = at();
  return new Uint8Array([...out.subarray(0, from), ...out.subarray(r.below(out.length))]);
}
