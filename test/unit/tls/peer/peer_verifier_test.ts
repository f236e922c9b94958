import { describe, expect, test } from "bun:test";
import type { SanMatchSpec } from "../../../../src/config/tls_model.ts";
import { type PeerPolicy, peerVerifier } from "../../../../src/tls/peer/peer_verifier.ts";
import { loadTrustStore, type TrustStore } from "../../../../src/tls/peer/trust_store.ts";
import { chainKey, VerifiedChains } from "../../../../src/tls/peer/verified_chains.ts";
import { altNames, authority, bytes, dns, MINTED_AT, type Minted, mint } from "../../../support/mint.ts";

const NOW = MINTED_AT;
const DAY = 86_400_000;
const root = mint({ name: "root", extensions: [authority()] });
const other = mint({ name: "root", extensions: [authority()] });
const web = mint({
  name: "web",
  issuer: root,
  notAfter: NOW + DAY,
  extensions: [altNames([0x86, "spiffe://example.org/web"], [0x82, "web.example"])],
});
const nobody = mint({ name: "nobody", issuer: root });
const WEB: SanMatchSpec = { type: "uri", match: "exact", value: "spiffe://example.org/web" };
const JOB: SanMatchSpec = { type: "uri", match: "exact", value: "spiffe://example.org/job" };

function store(...trust: readonly Minted[]): TrustStore {
  const loaded = loadTrustStore(trust.map((t) => t.pem).join(""), NOW);
  if (typeof loaded === "string") throw new Error(loaded);
  return loaded;
}

const ANYBODY: PeerPolicy = { role: "client", trust: store(root), allow: [], host: null };

describe("a peer is", () => {
  const judge = (policy: Partial<PeerPolicy>, who: Minted): string | null =>
    peerVerifier({ ...ANYBODY, ...policy }, new VerifiedChains(), () => NOW)([who.der]);

  test("good when an authority vouches for it", () => {
    expect(judge({}, web)).toBeNull();
    expect(judge({}, nobody)).toBeNull();
  });
  test("good when it has one of the names, and refused when it has none", () => {
    expect(judge({ allow: [JOB, WEB] }, web)).toBeNull();
    expect(judge({ allow: [JOB] }, web)).toBe(
      'the certificate is for "spiffe://example.org/web", "web.example", who may not come here',
    );
    expect(judge({ allow: [JOB] }, nobody)).toBe("the certificate is for nobody by name, who may not come here");
  });
  test("a server by its host, unless names are listed", () => {
    expect(judge({ role: "server", host: "web.example" }, web)).toBeNull();
    expect(judge({ role: "server", host: "job.example" }, web)).toContain("who may not come here");
    expect(judge({ role: "server", host: "job.example", allow: [WEB] }, web)).toBeNull();
  });
  test("refused by another authority of the same name", () => {
    expect(judge({ trust: store(other) }, web)).toContain("another one's signature");
  });
});

describe("a chain that was good", () => {
  test("is remembered for its policy alone", () => {
    const known = new VerifiedChains();
    expect(peerVerifier(ANYBODY, known, () => NOW)([web.der])).toBeNull();
    expect(known.size).toBe(1);
    for (const p of [{ allow: [JOB] }, { trust: store(other) }, { role: "server" as const, host: "job.example" }])
      expect(peerVerifier({ ...ANYBODY, ...p }, known, () => NOW)([web.der])).not.toBeNull();
    // What is refused is not remembered.
    expect(known.size).toBe(1);
  });

  test("is asked about again when a certificate of it expires", () => {
    const known = new VerifiedChains();
    let now = NOW;
    const judge = peerVerifier(ANYBODY, known, () => now);
    expect(judge([web.der])).toBeNull();
    now = NOW + DAY + 999;
    expect(judge([web.der])).toBeNull();
    now = NOW + DAY + 1000;
    expect(judge([web.der])).toBe("the certificate has expired");
    expect(known.size).toBe(0);
  });

  test("is forgotten when others were seen later", () => {
    const known = new VerifiedChains(2);
    known.add("a", NOW);
    known.add("b", NOW);
    expect(known.has("a", NOW)).toBe(true);
    known.add("c", NOW);
    expect([known.has("a", NOW), known.has("b", NOW), known.has("c", NOW), known.size]).toEqual([true, false, true, 2]);
  });

  test("is told from every other", () => {
    const chains = [[], [bytes("ab")], [bytes("a"), bytes("b")], [bytes("b"), bytes("a")], [bytes("ab"), bytes("")]];
    const keys = new Set(["p", "q"].flatMap((p) => chains.map((c) => chainKey(p, c))));
    expect(keys.size).toBe(10);
    expect(chainKey("p", [dns("a")])).toBe(chainKey("p", [dns("a")]));
  });
});
