import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { nameText } from "../../src/tls/x509/distinguished_name.ts";
import { parseCertificate } from "../../src/tls/x509/parse_certificate.ts";
import { altNames, authority, bytes, dns, keyUsage, mint, nameConstraints, tlv, uses } from "../support/mint.ts";
import { fuzzPlan, Random } from "./random.ts";

const plan = fuzzPlan(20_000);

test(`certificates with bytes changed are read as the runtime reads them, or not at all (FUZZ_SEED=${plan.seed})`, () => {
  const r = new Random(plan.seed);
  const seeds = [
    mint({ name: "a", extensions: [dns("a.example", "*.example"), uses("1.3.6.1.5.5.7.3.1"), keyUsage(0, 2)] }),
    mint({ name: "b", extensions: [authority(3), keyUsage(5, 6), nameConstraints([tlv(0x82, bytes("a.example"))])] }),
    mint({ name: "c", key: "rsa2048", pss: true, extensions: [altNames([0x86, "spiffe://a/b"], [0x87, "\x7f\0\0\x01"])] }),
    mint({ name: "d", extensions: null }),
  ].map((m) => m.der);
  let read = 0;
  for (let i = 0; i < plan.rounds; i++) {
    const der = r.pick(seeds).slice();
    for (let n = r.below(3); n >= 0; n--) der[r.below(der.length)] = r.below(256);
    const own = parseCertificate(der);
    if (own === null) continue;
    read++;
    expect(nameText(own.subject)).toMatch(/^[\x20-\x7e]*$/);
    // What the runtime can't read at all, it refuses by itself; what both read they read alike.
    const its = runtimeReads(der);
    if (its === null) continue;
    const show = { seed: plan.seed, round: i, der: Buffer.from(der).toString("hex") };
    expect({ ...show, serial: own.serial.replace(/^0+/, "") }).toEqual({
      ...show,
      serial: its.serialNumber.replace(/^0+/, ""),
    });
  }
  expect(read).toBeGreaterThan(plan.rounds / 20);
});

function runtimeReads(der: Uint8Array): { readonly serialNumber: string } | null {
  try {
    const { serialNumber } = new X509Certificate(der);
    return { serialNumber };
  } catch {
    return null;
  }
}
