import type { ClientHello } from "./hello/client_hello.ts";
import type { KeyType } from "./x509/public_key.ts";

/** Versions of TLS that a listener speaks. */
export interface VersionRange {
  readonly minVersion: "1.2" | "1.3";
  readonly maxVersion: "1.2" | "1.3";
}

/** Code points of what a key signs with in TLS 1.3 (RFC 8446 4.2.3) and in 1.2, and of its curve (RFC 8422 5.1.1). */
interface Fit {
  readonly tls13: readonly number[];
  readonly tls12: readonly number[];
  /** 0: on no curve. */
  readonly group: number;
  readonly suites: ReadonlySet<number>;
}

const TLS12 = 0x0303;
const TLS13 = 0x0304;

/** Suites of TLS 1.2 with ECDHE_ECDSA (RFC 8422, 5289, 7905, 7251, 6367). */
const ECDSA_SUITES: ReadonlySet<number> = new Set([
  0xc02b, 0xc02c, 0xcca9, 0xc009, 0xc00a, 0xc023, 0xc024, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af, 0xc072, 0xc073, 0xc086, 0xc087,
]);
/** Suites of TLS 1.2 with ECDHE_RSA, DHE_RSA and RSA key exchange (RFC 5246, 5288, 5289, 7905). */
const RSA_SUITES: ReadonlySet<number> = new Set([
  0xc02f, 0xc030, 0xcca8, 0xc013, 0xc014, 0xc027, 0xc028, 0x009c, 0x009d, 0x009e, 0x009f, 0xccaa, 0x002f, 0x0035, 0x003c, 0x003d,
  0x0033, 0x0039, 0x0067, 0x006b,
]);
const ECDSA_12 = [0x0403, 0x0503, 0x0603];
const RSA_PSS = [0x0804, 0x0805, 0x0806];

const FITS: Readonly<Record<KeyType, Fit>> = {
  p256: { tls13: [0x0403], tls12: ECDSA_12, group: 0x0017, suites: ECDSA_SUITES },
  p384: { tls13: [0x0503], tls12: ECDSA_12, group: 0x0018, suites: ECDSA_SUITES },
  p521: { tls13: [0x0603], tls12: ECDSA_12, group: 0x0019, suites: ECDSA_SUITES },
  ed25519: { tls13: [0x0807], tls12: [0x0807], group: 0, suites: ECDSA_SUITES },
  ed448: { tls13: [0x0808], tls12: [0x0808], group: 0, suites: ECDSA_SUITES },
  rsa: { tls13: RSA_PSS, tls12: [...RSA_PSS, 0x0401, 0x0501, 0x0601], group: 0, suites: RSA_SUITES },
  rsaPss: { tls13: [0x0809, 0x080a, 0x080b], tls12: [0x0809, 0x080a, 0x080b], group: 0, suites: RSA_SUITES },
};

/** Whether a client can verify what a key of this type signs, in the version that the two will speak. */
export function canVerify(hello: ClientHello, keyType: KeyType, range: VersionRange): boolean {
  const fit = FITS[keyType];
  const { signatureAlgorithms: offered, groups, cipherSuites } = hello;
  if (hello.versions.includes(TLS13) && range.maxVersion === "1.3") return offered !== null && meet(offered, fit.tls13);
  if (!hello.versions.includes(TLS12)) return false;
  // RFC 5246 7.4.1.4.1: a client of TLS 1.2 that names none means SHA-1, which no runtime signs with; RSA is the likelier to work.
  if (offered === null ? fit.suites !== RSA_SUITES : !meet(offered, fit.tls12)) return false;
  // RFC 8422 5.1: the certificate's curve is one of those that the client names.
  if (fit.group !== 0 && groups !== null && !groups.includes(fit.group)) return false;
  return cipherSuites.some((s) => fit.suites.has(s));
}

function meet(offered: readonly number[], fitting: readonly number[]): boolean {
  for (let i = 0; i < offered.length; i++) if (fitting.includes(offered[i]!)) return true;
  return false;
}
