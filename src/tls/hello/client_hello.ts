import { CLIENT_HELLO_EXTENSIONS } from "../limits.ts";
import { Cursor } from "./cursor.ts";
import { EXTENSION, readAlpn, readNumbers, readServerName } from "./hello_extensions.ts";
import { type HelloFault, illegal, malformed } from "./hello_fault.ts";
import { readHelloBody } from "./hello_records.ts";

/** What a client offers when it begins a handshake (RFC 8446 4.1.2, RFC 5246 7.4.1.2). Lists are as sent, GREASE of RFC 8701 included. */
export interface ClientHello {
  readonly kind: "hello";
  /** Lower case; null: the client named none, or an address. */
  readonly serverName: string | null;
  /** In the client's order; empty: it offered none. */
  readonly alpn: readonly string[];
  /** Such as 0x0304; of a client that sends no list, its highest version alone. */
  readonly versions: readonly number[];
  readonly cipherSuites: readonly number[];
  /** null: not sent. */
  readonly signatureAlgorithms: readonly number[] | null;
  /** null: not sent. */
  readonly groups: readonly number[] | null;
  /** Whether a ticket or another pre-shared key is offered. */
  readonly resumes: boolean;
}

export type HelloAnswer = ClientHello | HelloFault | { readonly kind: "more" } | { readonly kind: "notTls" };

const RANDOM_BYTES = 32;
const SESSION_ID_BYTES = 32;
const NO_COMPRESSION = 0;

/**
 * Reads the ClientHello that a connection begins with, out of all bytes that came so far: they may end anywhere, and it may be spread
 * over records. More bytes never change an answer that is not `more`. Nothing is taken away: the bytes go to the handshake as they are.
 */
export function readClientHello(b: Uint8Array): HelloAnswer {
  const body = readHelloBody(b);
  return body instanceof Cursor ? parseBody(body) : body;
}

function parseBody(c: Cursor): ClientHello | HelloFault {
  const version = c.u16();
  c.skip(RANDOM_BYTES);
  const session = c.vector(1);
  if (c.failed || session.left > SESSION_ID_BYTES) return malformed("session id");
  const suites = c.vector(2);
  if (c.failed || suites.left === 0 || suites.left % 2 !== 0) return malformed("list of cipher suites");
  const cipherSuites = suites.numbers();
  const compressions = c.vector(1);
  if (c.failed) return malformed("list of compressions");
  // RFC 5246 7.4.1.2 and RFC 8446 4.1.2: every client offers "none".
  let offersNone = false;
  while (compressions.left > 0) if (compressions.u8() === NO_COMPRESSION) offersNone = true;
  if (!offersNone) return illegal("the ClientHello does not offer to leave out compression");
  const offer = new Offer();
  // RFC 5246 7.4.1.2: a client of TLS 1.2 may end here.
  if (c.left > 0) {
    const extensions = c.vector(2);
    if (!c.done) return malformed("list of extensions");
    const fault = offer.read(extensions);
    if (fault !== null) return fault;
  }
  const { serverName, alpn, versions, signatureAlgorithms, groups, resumes } = offer;
  return {
    kind: "hello",
    serverName,
    alpn,
    // RFC 8446 4.2.1: without the extension the version field is the client's highest, 1.2 at most.
    versions: versions ?? [Math.min(version, 0x0303)],
    cipherSuites,
    signatureAlgorithms,
    groups,
    resumes,
  };
}

const READ: ReadonlySet<number> = new Set(Object.values(EXTENSION));

class Offer {
  serverName: string | null = null;
  alpn: readonly string[] = [];
  versions: readonly number[] | null = null;
  signatureAlgorithms: readonly number[] | null = null;
  groups: readonly number[] | null = null;
  resumes = false;
  /** Types so far: nearly all have a low number. */
  #below32 = 0;
  #below64 = 0;
  readonly #others: number[] = [];

  read(list: Cursor): HelloFault | null {
    let last = -1;
    for (let count = 0; list.left > 0; count++) {
      const type = list.u16();
      const length = list.u16();
      const from = list.at;
      list.skip(length);
      if (list.failed) return malformed("list of extensions");
      // RFC 8446 4.2: a type stands once. Of two names, two readers could take one each.
      if (this.#saw(type)) return illegal(`the ClientHello has extension ${type} twice`);
      // RFC 8446 4.2.11: what follows the pre-shared keys is not covered by their proof.
      if (last === EXTENSION.preSharedKey) return illegal("the ClientHello's pre-shared keys are not its last extension");
      if (count === CLIENT_HELLO_EXTENSIONS)
        return illegal(`the ClientHello has more than ${CLIENT_HELLO_EXTENSIONS} extensions`);
      last = type;
      if (!READ.has(type)) continue;
      const fault = this.#extension(type, new Cursor(list.bytes, from, list.at));
      if (fault !== null) return fault;
    }
    return null;
  }

  /** Whether there was one of that type before. */
  #saw(type: number): boolean {
    const bit = 1 << (type & 31);
    if (type >= 64) {
      if (this.#others.includes(type)) return true;
      this.#others.push(type);
    } else if (type < 32) {
      if ((this.#below32 & bit) !== 0) return true;
      this.#below32 |= bit;
    } else {
      if ((this.#below64 & bit) !== 0) return true;
      this.#below64 |= bit;
    }
    return false;
  }

  #extension(type: number, c: Cursor): HelloFault | null {
    switch (type) {
      case EXTENSION.serverName: {
        const name = readServerName(c);
        if (name !== null && typeof name !== "string") return name;
        this.serverName = name;
        return null;
      }
      case EXTENSION.alpn: {
        const names = readAlpn(c);
        if ("kind" in names) return names;
        this.alpn = names;
        return null;
      }
      case EXTENSION.supportedVersions: {
        const list = readNumbers(c, 1, "list of versions");
        if ("kind" in list) return list;
        this.versions = list;
        return null;
      }
      case EXTENSION.signatureAlgorithms: {
        const list = readNumbers(c, 2, "list of signature algorithms");
        if ("kind" in list) return list;
        this.signatureAlgorithms = list;
        return null;
      }
      case EXTENSION.supportedGroups: {
        const list = readNumbers(c, 2, "list of groups");
        if ("kind" in list) return list;
        this.groups = list;
        return null;
      }
      case EXTENSION.sessionTicket:
        // RFC 5077 3.2: an empty one only asks for a ticket.
        if (c.left > 0) this.resumes = true;
        return null;
      case EXTENSION.preSharedKey:
        this.resumes = true;
        return null;
      default:
        return null;
    }
  }
}
