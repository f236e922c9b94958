import { describe, expect, test } from "bun:test";
import { CHAIN_DEPTH, PEER_CERTIFICATES } from "../../../../src/tls/limits.ts";
import { loadTrustStore, TrustStore } from "../../../../src/tls/peer/trust_store.ts";
import { type PeerRole, verifyChain } from "../../../../src/tls/peer/verify_chain.ts";
import { issue, issueRoot } from "../../../support/certificates.ts";
import {
  authority,
  bytes,
  dns,
  extension,
  integer,
  keyUsage,
  MINTED_AT,
  type Minted,
  type MintWish,
  mint,
  nameConstraints,
  sequence,
  tlv,
  uses,
} from "../../../support/mint.ts";

const NOW = MINTED_AT;
const DAY = 86_400_000;
const CLIENT = "1.3.6.1.5.5.7.3.2";
const SERVER = "1.3.6.1.5.5.7.3.1";
const ANY = "2.5.29.37.0";
const SIGN_CERTIFICATES = 5;

const root = mint({ name: "root", extensions: [authority(), keyUsage(SIGN_CERTIFICATES)] });
const other = mint({ name: "other", extensions: [authority()] });
const impostor = mint({ name: "root", extensions: [authority()] });

function ca(name: string, issuer: Minted, more: Partial<MintWish> = {}): Minted {
  return mint({ name, issuer, extensions: [authority()], ...more });
}
function leaf(issuer: Minted, more: Partial<MintWish> = {}): Minted {
  return mint({ name: "leaf", issuer, extensions: [dns("leaf.example"), uses(CLIENT)], ...more });
}
function line(depth: number): Minted[] {
  const cas = [ca("ca 1", root)];
  while (cas.length < depth) cas.push(ca(`ca ${cas.length + 1}`, cas.at(-1)!));
  return cas;
}

/** As a peer sends it: the last one first. */
function sent(...fromTheTop: readonly Minted[]): Minted[] {
  return [...fromTheTop].reverse();
}

const one = ca("one", root);
const two = ca("two", one);
const crossed = mint({ name: "two", issuer: other, keyOf: two, extensions: [authority()] });
const selfSigned = mint({ name: "self", extensions: [dns("self.example")] });
const limited = ca("limited", root, { extensions: [authority(0)] });
const selfIssued = mint({ name: "limited", issuer: limited, extensions: [authority()] });
const belowLimited = ca("below", limited);
const root0 = mint({ name: "root", keyOf: root, extensions: [authority(0)] });
const root1 = mint({ name: "root", keyOf: root, extensions: [authority(1)] });
const oldRoot = mint({ name: "old", notAfter: NOW - DAY, extensions: [authority()] });
const weakRoot = mint({ name: "weak", weak: true, extensions: [authority()] });
const constrained = ca("constrained", root, { extensions: [authority(), nameConstraints([tlv(0x82, bytes("example.com"))])] });
const belowConstrained = ca("below", constrained);
const keyRollover = ca("constrained", constrained, { extensions: [authority(), dns("other.org")] });
const nameless = ca("", root, { subjectName: sequence() });
const long = line(CHAIN_DEPTH - 1);
const tooLong = line(CHAIN_DEPTH);
const p384 = ca("p384", root, { key: "p384" });
const ed25519 = ca("ed25519", p384, { key: "ed25519" });
const loopA = mint({ name: "loop a", extensions: [authority()] });
const loopB = mint({ name: "loop b", issuer: loopA, extensions: [authority()] });
const loopBack = mint({ name: "loop a", issuer: loopB, keyOf: loopA, extensions: [authority()] });
const treeTop = mint({ name: "tree", extensions: [authority()] });
const tree = Array.from({ length: PEER_CERTIFICATES - 1 }, (_, i) =>
  mint({ name: "tree", serial: integer(100 + i), keyOf: treeTop, extensions: [authority()] }),
);

/** A leaf below an authority that is below the root. */
function above(more: Partial<MintWish>): Minted[] {
  const made = ca("above", root, more);
  return sent(made, leaf(made));
}

interface Row {
  readonly name: string;
  readonly rule: string;
  /** The leaf first; what is above it. */
  readonly chain: readonly Minted[];
  readonly trust?: readonly Minted[];
  readonly role?: PeerRole;
  readonly now?: number;
  /** Part of the reason; "": it is good. */
  readonly want: string;
}

const rows: readonly Row[] = [
  { name: "one step", rule: "6.1", chain: [leaf(root)], want: "" },
  { name: "two steps", rule: "6.1", chain: [leaf(one), one], want: "" },
  { name: "three steps", rule: "6.1", chain: [leaf(two), two, one], want: "" },
  { name: "with its root", rule: "6.1", chain: [leaf(two), two, one, root], want: "" },
  { name: "those above it in another order", rule: "RFC 8446 4.4.2", chain: [leaf(two), one, root, two], want: "" },
  { name: "with a stranger among them", rule: "RFC 8446 4.4.2", chain: [leaf(two), other, two, one], want: "" },
  { name: "with one of them twice", rule: "6.1", chain: [leaf(two), two, two, one], want: "" },
  { name: "up to the first that is trusted", rule: "6.1", chain: [leaf(two), two, one], trust: [one], want: "" },
  { name: "the deepest that is taken", rule: "limits.ts", chain: sent(...long, leaf(long.at(-1)!)), want: "" },
  { name: "no certificate", rule: "6.1", chain: [], want: "no certificate" },
  { name: "nobody who is trusted", rule: "6.1", chain: [leaf(other)], want: 'nobody who is trusted issued "CN=leaf"' },
  { name: "one step missing", rule: "6.1", chain: [leaf(two), one], want: 'nobody who is trusted issued "CN=leaf"' },
  { name: "nothing trusted", rule: "6.1", chain: [leaf(root)], trust: [], want: "nobody who is trusted" },
  { name: "an authority of the same name", rule: "6.1.3 (a)", chain: [leaf(impostor)], want: "another one's signature" },
  {
    name: "an authority of the same name beside the right one",
    rule: "6.1.3 (a)",
    chain: [leaf(root)],
    trust: [impostor, root],
    want: "",
  },
  { name: "signed by itself", rule: "6.1", chain: [selfSigned], want: "nobody who is trusted" },
  { name: "signed by itself and trusted", rule: "6.1", chain: [selfSigned], trust: [selfSigned], want: "" },
  { name: "trusted as itself, whoever signed it", rule: "6.1", chain: [one], trust: [one], want: "" },
  {
    name: "below one that is trusted as itself and is no authority",
    rule: "6.1.4 (k)",
    chain: [leaf(selfSigned)],
    trust: [selfSigned],
    want: "is no authority",
  },
  { name: "cross-signed, by a path of several", rule: "6.1", chain: [leaf(two), crossed, two, one], want: "" },
  { name: "two that sign each other", rule: "6.1", chain: sent(loopBack, loopB, leaf(loopB)), want: "nobody who is trusted" },

  { name: "not good yet", rule: "6.1.3 (a)", chain: [leaf(root, { notBefore: NOW + DAY })], want: "not good yet" },
  { name: "expired", rule: "6.1.3 (a)", chain: [leaf(root, { notAfter: NOW - DAY })], want: "has expired" },
  { name: "in its last second", rule: "4.1.2.5", chain: [leaf(root, { notAfter: NOW })], now: NOW + 999, want: "" },
  { name: "a second too late", rule: "4.1.2.5", chain: [leaf(root, { notAfter: NOW })], now: NOW + 1000, want: "has expired" },
  {
    name: "an authority that has expired",
    rule: "6.1.3 (a)",
    chain: above({ notAfter: NOW - DAY }),
    want: '"CN=above" has expired',
  },
  {
    name: "an authority that is not good yet",
    rule: "6.1.3 (a)",
    chain: above({ notBefore: NOW + DAY }),
    want: '"CN=above" is not good yet',
  },
  { name: "a root that has expired", rule: "6.1.3 (a)", chain: [leaf(oldRoot)], trust: [oldRoot], want: '"CN=old" has expired' },

  {
    name: "an authority without basic constraints",
    rule: "6.1.4 (k)",
    chain: above({ extensions: [] }),
    want: "is no authority",
  },
  { name: "an authority of version 1", rule: "6.1.4 (k)", chain: above({ extensions: null }), want: "is no authority" },
  {
    name: "a leaf for an authority",
    rule: "6.1.4 (k)",
    chain: above({ extensions: [extension("2.5.29.19", sequence(), true)] }),
    want: "is no authority",
  },
  {
    name: "an authority whose key is for certificates",
    rule: "6.1.4 (n)",
    chain: above({ extensions: [authority(), keyUsage(SIGN_CERTIFICATES, 6)] }),
    want: "",
  },
  {
    name: "an authority whose key is not for certificates",
    rule: "6.1.4 (n)",
    chain: above({ extensions: [authority(), keyUsage(0, 6)] }),
    want: "not for certificates",
  },
  { name: "a path length of 0 above a leaf", rule: "6.1.4 (m)", chain: [leaf(limited), limited], want: "" },
  {
    name: "a path length of 0 above an authority",
    rule: "6.1.4 (m)",
    chain: [leaf(belowLimited), belowLimited, limited],
    want: "may have 0 authorities",
  },
  {
    name: "a path length of 0 above one that names itself",
    rule: "6.1.4 (l)",
    chain: [leaf(selfIssued), selfIssued, limited],
    want: "",
  },
  {
    name: "a root's path length",
    rule: "6.1.4 (m)",
    chain: [leaf(two), two, one],
    trust: [root0],
    want: "may have 0 authorities",
  },
  { name: "a root's path length that suffices", rule: "6.1.4 (m)", chain: sent(one, leaf(one)), trust: [root1], want: "" },
  {
    name: "more authorities than are taken",
    rule: "limits.ts",
    chain: sent(...tooLong, leaf(tooLong.at(-1)!)),
    want: "stands too far up",
  },
  {
    name: "more certificates than are taken",
    rule: "limits.ts",
    chain: [leaf(root), ...Array.from({ length: PEER_CERTIFICATES }, () => other)],
    want: "more than 16 certificates",
  },
  {
    name: "as many as are taken",
    rule: "limits.ts",
    chain: [leaf(root), ...Array.from({ length: PEER_CERTIFICATES - 1 }, () => other)],
    want: "",
  },
  { name: "paths without end", rule: "CVE-2023-0464", chain: [leaf(treeTop), ...tree], want: "too many paths" },

  { name: "any use", rule: "4.2.1.12", chain: [leaf(root, { extensions: [uses(ANY)] })], want: "" },
  { name: "no list of uses", rule: "4.2.1.12", chain: [leaf(root, { extensions: [] })], want: "" },
  {
    name: "a server's certificate for a client",
    rule: "4.2.1.12",
    chain: [leaf(root, { extensions: [uses(SERVER)] })],
    want: "not made for a client",
  },
  {
    name: "a client's certificate for a server",
    rule: "4.2.1.12",
    chain: [leaf(root)],
    role: "server",
    want: "not made for a server",
  },
  {
    name: "a server's certificate for a server",
    rule: "4.2.1.12",
    chain: [leaf(root, { extensions: [uses(SERVER, CLIENT)] })],
    role: "server",
    want: "",
  },
  {
    name: "an authority for servers alone",
    rule: "4.2.1.12",
    chain: above({ extensions: [authority(), uses(SERVER)] }),
    want: "is not made for this",
  },
  { name: "an authority for clients", rule: "4.2.1.12", chain: above({ extensions: [authority(), uses(CLIENT)] }), want: "" },
  { name: "a key that may sign", rule: "4.2.1.3", chain: [leaf(root, { extensions: [keyUsage(0)] })], want: "" },
  {
    name: "a key that may not sign",
    rule: "4.2.1.3",
    chain: [leaf(root, { extensions: [keyUsage(2)] })],
    want: "not for signatures",
  },

  {
    name: "an unknown critical extension",
    rule: "4.2",
    chain: [leaf(root, { extensions: [extension("1.2.3.4", tlv(5), true)] })],
    want: "critical extension 1.2.3.4",
  },
  { name: "an unknown extension", rule: "4.2", chain: [leaf(root, { extensions: [extension("1.2.3.4", tlv(5))] })], want: "" },
  {
    name: "an unknown critical extension above",
    rule: "4.2",
    chain: above({ extensions: [authority(), extension("1.2.3.4", tlv(5), true)] }),
    want: "critical extension 1.2.3.4",
  },
  {
    name: "critical policy constraints above",
    rule: "4.2.1.11",
    chain: above({ extensions: [authority(), extension("2.5.29.36", sequence(), true)] }),
    want: "critical extension 2.5.29.36",
  },
  {
    name: "a name that is permitted",
    rule: "6.1.3 (b)",
    chain: sent(constrained, leaf(constrained, { extensions: [dns("a.example.com")] })),
    want: "",
  },
  {
    name: "a name that is not permitted",
    rule: "6.1.3 (b)",
    chain: sent(constrained, leaf(constrained, { extensions: [dns("a.example.org")] })),
    want: "may not vouch for these names",
  },
  {
    name: "constraints that can't be read",
    rule: "4.2.1.10",
    chain: above({ extensions: [authority(), nameConstraints([tlv(0xa4, sequence())])] }),
    want: "may not vouch for these names",
  },
  {
    name: "a name that is not permitted of one that names itself",
    rule: "6.1.3 (b)",
    chain: sent(constrained, keyRollover, leaf(keyRollover, { extensions: [dns("a.example.com")] })),
    want: "",
  },
  { name: "an authority without a name", rule: "4.1.2.6", chain: sent(nameless, leaf(nameless)), want: "has no name" },
  {
    name: "constraints of an authority further up",
    rule: "6.1.4 (g)",
    chain: sent(constrained, belowConstrained, leaf(belowConstrained)),
    want: "may not vouch for these names",
  },

  { name: "a signature with SHA-1", rule: "RFC 9155", chain: [leaf(root, { weak: true })], want: "can be forged" },
  { name: "a signature with SHA-1 above", rule: "RFC 9155", chain: above({ weak: true }), want: "can be forged" },
  { name: "a root's own signature with SHA-1", rule: "6.1", chain: [leaf(weakRoot)], trust: [weakRoot], want: "" },
  { name: "an RSA key", rule: "RFC 3279", chain: [leaf(root, { key: "rsa2048" })], want: "" },
  { name: "a short RSA key", rule: "limits.ts", chain: [leaf(root, { key: "rsa1024" })], want: "1024 bits" },
  { name: "a short RSA key above", rule: "limits.ts", chain: above({ key: "rsa1024" }), want: "a key of 1024 bits" },
  { name: "signed by RSA", rule: "RFC 3279", chain: above({ key: "rsa2048" }), want: "" },
  { name: "signed by P-384 and Ed25519", rule: "RFC 5480, 8410", chain: sent(p384, ed25519, leaf(ed25519)), want: "" },
];

describe("a chain:", () => {
  for (const { name, rule, chain, trust, role, now, want } of rows)
    test(`${name} (RFC 5280 ${rule}) is ${want === "" ? "good" : "refused"}`, () => {
      const found = verifyChain(
        chain.map((c) => c.der),
        role ?? "client",
        store(trust ?? [root]),
        now ?? NOW,
      );
      if (want === "") expect(found).toMatchObject({ kind: "good" });
      else expect(found).toMatchObject({ kind: "refused", reason: expect.stringContaining(want) as unknown as string });
    });

  test("is good until the first of its path expires", () => {
    const short = ca("short", root, { notAfter: NOW + 2 * DAY });
    const found = verifyChain(
      [leaf(short).der, short.der, ca("unrelated", root, { notAfter: NOW + DAY }).der],
      "client",
      store([root]),
      NOW,
    );
    expect(found).toMatchObject({ expires: NOW + 2 * DAY + 999 });
  });

  test("with bytes that are no certificate is refused", () => {
    for (const bad of [bytes("x"), leaf(root).der.subarray(1)]) {
      expect(verifyChain([bad], "client", store([root]), NOW).kind).toBe("refused");
      expect(verifyChain([leaf(root).der, bad], "client", store([root]), NOW).kind).toBe("refused");
    }
  });

  test("with one bit of the signature, or of what is signed, changed is refused", () => {
    const { der } = leaf(root);
    for (const at of [der.length - 1, der.length - 20, 100, 120]) {
      const changed = der.slice();
      changed[at]! ^= 1;
      expect(verifyChain([changed], "client", store([root]), NOW).kind).toBe("refused");
    }
  });

  test("of OpenSSL's making is good, with RSA and P-256, and refused below a path length", () => {
    for (const key of ["ecdsa", "rsa"] as const) {
      const top = issueRoot("top", { key, pathLength: 1 });
      const middle = issue({ name: "middle", ca: true, issuer: top, key });
      const bottom = issue({ name: "bottom", issuer: middle, uri: ["spiffe://example.org/a"], use: "client" });
      const trust = loadTrustStore(top.cert, Date.now());
      if (typeof trust === "string") throw new Error(trust);
      expect(verifyChain([bottom.der, middle.der], "client", trust, Date.now()).kind).toBe("good");
      const deeper = issue({ name: "deeper", ca: true, issuer: middle, key });
      const deepest = issue({ name: "deepest", issuer: deeper });
      expect(verifyChain([deepest.der, deeper.der, middle.der], "client", trust, Date.now())).toMatchObject({
        reason: expect.stringContaining("may have 1 authorities") as unknown as string,
      });
    }
  });
});

function store(trust: readonly Minted[]): TrustStore {
  if (trust.length === 0) return new TrustStore("", [], NOW);
  const loaded = loadTrustStore(trust.map((t) => t.pem).join(""), NOW);
  if (typeof loaded === "string") throw new Error(loaded);
  return loaded;
}
