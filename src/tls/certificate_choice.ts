import type { Certificate } from "./certificate.ts";
import type { ClientHello } from "./hello/client_hello.ts";
import { canVerify, type VersionRange } from "./key_fit.ts";
import { NameTable } from "./name_table.ts";

/** What the choice reads of a certificate. */
export type Choosable = Pick<Certificate, "names" | "keyType">;

/** Whether a client gets the default certificate that asks for a name that no certificate has, or for none. */
export type UnknownName = "default" | "refuse";

/**
 * Chooses among a listener's certificates by the client's hello: those for the exact name, else those of its wildcard, else those for the
 * same names as the first one; of these one that the client can verify, ECDSA before RSA, for its signatures cost a tenth.
 */
export class CertificateChoice<C extends Choosable> {
  readonly #byName = new NameTable<C[]>("oneLabel");
  readonly #default: readonly C[];
  readonly #unknownName: UnknownName;
  readonly #range: VersionRange;

  /** At least one certificate; earlier ones are taken before later ones of their kind. */
  constructor(certificates: readonly C[], unknownName: UnknownName, range: VersionRange) {
    this.#unknownName = unknownName;
    this.#range = range;
    const lists = new Map<string, C[]>();
    for (const c of byCost(certificates)) {
      for (const name of c.names) {
        const list = lists.get(name) ?? [];
        list.push(c);
        lists.set(name, list);
        this.#byName.add(name, list);
      }
    }
    const first = certificates[0]!;
    const key = namesKey(first);
    this.#default = byCost(certificates.filter((c) => c === first || namesKey(c) === key));
  }

  /** null: refuse the handshake with the alert `unrecognized_name` (RFC 6066 3). */
  choose(hello: ClientHello): C | null {
    const { serverName } = hello;
    const named = serverName === null ? null : this.#byName.find(serverName);
    if (named === null && this.#unknownName === "refuse") return null;
    const candidates = named ?? this.#default;
    // When none fits the handshake fails, and the runtime says why to the client.
    if (candidates.length === 1) return candidates[0]!;
    return candidates.find((c) => canVerify(hello, c.keyType, this.#range)) ?? candidates[0]!;
  }
}

function byCost<C extends Choosable>(certificates: readonly C[]): C[] {
  const cost = (c: C): number => (c.keyType.startsWith("p") ? 0 : c.keyType.startsWith("ed") ? 1 : 2);
  return [...certificates].sort((a, b) => cost(a) - cost(b));
}

function namesKey(c: Choosable): string {
  return [...c.names].sort().join();
}
