import { expect, test } from "bun:test";
import { concatBytes, encodeLatin1, latin1 } from "../../src/base/bytes.ts";
import type { HeaderAnswer } from "../../src/proxy_protocol/header.ts";
import { HeaderReader } from "../../src/proxy_protocol/header_reader.ts";
import { V2_BYTES } from "../../src/proxy_protocol/limits.ts";
import { writeV1, writeV2 } from "../../src/proxy_protocol/write_header.ts";
import { byte, INET, INET6, summed, tlv, unixBlock, v2 } from "../unit/proxy_protocol/make_header.ts";
import { cuts, mutate } from "./mutate.ts";
import { fuzzPlan, Random } from "./random.ts";

const plan = fuzzPlan(20_000);

test(`headers, changed and cut anyhow, are read alike, and what is read can be written (FUZZ_SEED=${plan.seed})`, () => {
  const r = new Random(plan.seed);
  let taken = 0;
  for (let i = 0; i < plan.rounds; i++) {
    const header = someHeader(r);
    const changed = r.once(3) ? header : r.once(2) ? mutate(r, header) : flip(r, header);
    const text = changed + r.pick(["", "GET / HTTP/1.1\r\n", "\x16\x03\x01", "\r\n"]);
    const show = { seed: plan.seed, round: i, text };
    const whole = new HeaderReader("any").receive(encodeLatin1(text));
    expect({ ...show, answer: seen(cut(r, text)) }).toEqual({ ...show, answer: seen(whole) });
    if (whole.kind === "more") expect(text.length).toBeLessThan(V2_BYTES);
    if (whole.kind !== "header") continue;
    taken++;
    const { version, ends, tlvs } = whole.header;
    if (ends === null) continue;
    const again = new HeaderReader("any").receive(version === 1 ? writeV1(ends) : writeV2(ends, tlvs, r.once(2)));
    expect({ ...show, again: again.kind === "header" ? again.header : again }).toEqual({ ...show, again: whole.header });
  }
  // Fuzz that is refused at its first byte tests nothing.
  expect(taken).toBeGreaterThan(plan.rounds / 5);
});

function cut(r: Random, text: string): HeaderAnswer {
  const at = [...new Set([0, ...cuts(r, text.length), text.length])].sort((a, b) => a - b);
  const reader = new HeaderReader("any");
  for (let i = 1; i < at.length; i++) {
    const answer = reader.receive(encodeLatin1(text.slice(at[i - 1], at[i])));
    if (answer.kind === "more") continue;
    if (answer.kind === "fault") return answer;
    return { ...answer, unread: concatBytes([answer.unread, encodeLatin1(text.slice(at[i])), new Uint8Array(0)]) };
  }
  return { kind: "more" };
}

function seen(a: HeaderAnswer): unknown {
  return a.kind === "header" || a.kind === "none" ? { ...a, unread: latin1(a.unread, 0, a.unread.length) } : a;
}

function someHeader(r: Random): string {
  if (r.once(3)) {
    const v4 = (): string => `${r.below(256)}.${r.below(256)}.0.${r.below(300)}`;
    const v6 = (): string => r.pick(["::1", "2001:db8::5", "::ffff:10.0.0.1", "::", "1:2:3:4:5:6:7:8", "FE80::A", "1::2::3"]);
    const host = r.once(2) ? v4 : v6;
    const words = [
      r.pick(["TCP4", "TCP6", "UNKNOWN", host === v4 ? "TCP4" : "TCP6"]),
      host(),
      host(),
      r.below(65536),
      r.below(70000),
    ];
    return `PROXY ${words.join(" ")}\r\n`;
  }
  const tlvs = [
    tlv(1, r.pick(["h2", "http/1.1"])),
    tlv(2, "a.example"),
    tlv(4, "\0".repeat(r.below(9))),
    tlv(5, "x".repeat(r.below(140))),
  ];
  const more = [
    tlv(0x20, `\x01\0\0\0\0${tlv(0x21, "TLSv1.3")}`),
    tlv(0xe0 + r.below(16), "v".repeat(r.below(300))),
    tlv(0x30, "ns"),
  ];
  const some = [...tlvs, ...more].filter(() => r.once(2)).join("");
  const [family, addresses] = r.pick([
    [0x11, INET],
    [0x21, INET6],
    [0x31, unixBlock("/run/a", "\0name")],
    [0x12, INET],
    [0, ""],
  ] as const);
  const parts = { family, addresses, tlvs: some, command: r.once(8) ? 0x20 : 0x21 };
  return r.once(3) ? summed(parts) : v2(parts);
}

/** One byte changed: lengths are what breaks parsers. */
function flip(r: Random, text: string): string {
  const at = r.below(text.length);
  return text.slice(0, at) + byte(r.below(256)) + text.slice(at + 1);
}
