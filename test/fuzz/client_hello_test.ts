import { expect, test } from "bun:test";
import { encodeLatin1 } from "../../src/base/bytes.ts";
import { readClientHello } from "../../src/tls/hello/client_hello.ts";
import { detectProtocol } from "../../src/tls/hello/detect_protocol.ts";
import { isServerName } from "../../src/tls/hello/server_name.ts";
import { ALPN_NAMES, CLIENT_HELLO_BYTES } from "../../src/tls/limits.ts";
import { alpn, groups, helloMessage, records, signatures, sni, u16, versions } from "../unit/tls/hello/make_hello.ts";
import { mutate } from "./mutate.ts";
import { fuzzPlan, Random } from "./random.ts";

const plan = fuzzPlan(20_000);

test(`hellos, changed and cut anyhow, are read alike and never throw (FUZZ_SEED=${plan.seed})`, () => {
  const r = new Random(plan.seed);
  let taken = 0;
  for (let i = 0; i < plan.rounds; i++) {
    const hello = someHello(r);
    const text = r.once(4) ? hello : r.once(2) ? mutate(r, hello) : flip(r, hello);
    const bytes = encodeLatin1(text);
    const whole = readClientHello(bytes);
    const part = readClientHello(bytes.subarray(0, r.below(bytes.length + 1)));
    const show = { seed: plan.seed, round: i, text };
    if (part.kind !== "more") expect({ ...show, answer: kindOf(part) }).toEqual({ ...show, answer: kindOf(whole) });
    if (whole.kind === "hello") {
      taken++;
      if (whole.serverName !== null) expect({ ...show, ok: isServerName(whole.serverName) }).toEqual({ ...show, ok: true });
      expect(whole.alpn.length).toBeLessThanOrEqual(ALPN_NAMES);
      for (const list of [whole.cipherSuites, whole.groups ?? [], whole.signatureAlgorithms ?? []])
        expect(list.length).toBeLessThanOrEqual(CLIENT_HELLO_BYTES / 2);
      expect(detectProtocol(bytes)).toBe("tls");
    }
    // More than this is never waited for.
    if (whole.kind === "more") expect(bytes.length).toBeLessThan(2 * CLIENT_HELLO_BYTES);
  }
  // Fuzz that is refused at its first byte tests nothing.
  expect(taken).toBeGreaterThan(plan.rounds / 5);
});

function kindOf(a: ReturnType<typeof readClientHello>): unknown {
  return a.kind === "fault" ? { kind: a.kind, alert: a.alert } : a;
}

function someHello(r: Random): string {
  const all = [
    sni(r.pick(["a.example", "localhost", "xn--bcher-kva.example", "A.B.C", "1.2.3.4", "::1", "1.2.3", "a..b", ""])),
    alpn(...r.pick([["h2", "http/1.1"], ["http/1.1"], ["h2"]])),
    versions(0x0304, 0x0303),
    signatures(0x0403, 0x0804, 0x0401),
    groups(0x001d, 0x0017),
    [51, "k".repeat(r.below(1300))] as const,
    [35, r.pick(["", "ticket"])] as const,
    [0x0a0a, ""] as const,
    [41, "psk"] as const,
  ];
  const extensions = all.filter(() => !r.once(3));
  const message = helloMessage({ extensions, version: r.pick([0x0301, 0x0303]), session: "s".repeat(r.below(33)) });
  return records(message, r.pick([16 * 1024, 512, 100, 40])) + r.pick(["", "\x14\x03\x03\0\x01\x01"]);
}

/** One byte changed: lengths are what breaks parsers. */
function flip(r: Random, text: string): string {
  const at = r.below(text.length);
  return text.slice(0, at) + (r.once(2) ? u16(r.below(65536)).slice(1) : String.fromCharCode(r.below(256))) + text.slice(at + 1);
}
