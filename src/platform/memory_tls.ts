import { Buffer } from "node:buffer";
import { pemToDer, refused } from "./tls_checks.ts";
import type {
  PlatformTls,
  TlsAbilities,
  TlsClientContext,
  TlsClientOptions,
  TlsInfo,
  TlsServerContext,
  TlsServerOptions,
  TlsVersion,
} from "./types.ts";

/**
 * TLS as far as code above the platform can tell, without a secret: each side says who it is in one message, and what
 * follows is as plain as before. The client's message is a true ClientHello, so that it can be peeked into; its
 * certificates stand in an extension of private use. A certificate need not be a PEM: its bytes are what the other
 * side's `verifyPeer` sees.
 */
export const memoryTls: PlatformTls = {
  can: { ciphers: true, curves: true, ocsp: false, clientResumption: false, clientCaNames: true } satisfies TlsAbilities,
  serverContext(options: TlsServerOptions): TlsServerContext {
    if (options.cert === "" || options.key === "") throw refused("give a certificate and its key");
    return { options };
  },
  clientContext(options: TlsClientOptions): TlsClientContext {
    if ((options.cert === null) !== (options.key === null)) throw refused("give both a certificate and its key, or neither");
    return { options };
  },
};

/** What one side says. */
interface Said {
  readonly versions: readonly TlsVersion[];
  readonly alpn: readonly string[];
  readonly serverName: string;
  readonly chain: readonly Uint8Array[];
}

const HANDSHAKE = 22;
const ALERT = 21;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const RECORD_HEAD = 5;
/** RFC 8446 section 5.1. */
const RECORD_BYTES = 16384;
const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
/** Of private use (RFC 8446 section 11). */
const CHAIN = 0xff77;
const WIRE_VERSIONS: Readonly<Record<TlsVersion, number>> = { "1.2": 0x0303, "1.3": 0x0304 };
const CIPHER = "TLS_AES_128_GCM_SHA256";

/** What has come of a message, and what it led to. */
export type Heard =
  | { readonly state: "more" }
  | { readonly state: "failed"; readonly reason: string; readonly reply: Uint8Array | null }
  | { readonly state: "done"; readonly info: TlsInfo; readonly reply: Uint8Array | null; readonly rest: Uint8Array };

/** One side of a handshake in memory. */
export class MemoryHandshake {
  readonly #server: TlsServerOptions | null;
  readonly #client: TlsClientOptions | null;
  readonly #serverName: string;
  #got: Uint8Array = new Uint8Array(0);

  constructor(side: { readonly server: TlsServerOptions } | { readonly client: TlsClientOptions; readonly serverName: string }) {
    this.#server = "server" in side ? side.server : null;
    this.#client = "client" in side ? side.client : null;
    this.#serverName = "client" in side ? side.serverName : "";
  }

  /** A client's first bytes. */
  hello(): Uint8Array {
    const o = this.#client!;
    return clientHello({
      versions: versionsOf(o),
      alpn: o.alpn,
      serverName: /^[\d.]*$|:/.test(this.#serverName) ? "" : this.#serverName,
      chain: o.cert === null ? [] : certificatesOf(o.cert),
    });
  }

  hear(b: Uint8Array): Heard {
    this.#got = Buffer.concat([this.#got, b]);
    const got = this.#got;
    if (got.length > 0 && got[0] !== HANDSHAKE && got[0] !== ALERT) return failed("wrong version number");
    if (got.length < RECORD_HEAD) return { state: "more" };
    const size = RECORD_HEAD + read16(got, 3);
    if (size > RECORD_HEAD + RECORD_BYTES) return failed("record overflow");
    if (got.length < size) return { state: "more" };
    const body = got.subarray(RECORD_HEAD, size);
    if (got[0] === ALERT) return { state: "failed", reason: Buffer.from(body.subarray(2)).toString(), reply: null };
    const rest = got.slice(size);
    if (this.#server === null) {
      const said = read(readServerHello, body);
      return said === null ? failed("decode error") : this.#hearServer(said, rest);
    }
    const said = read(readClientHello, body);
    return said === null ? failed("decode error") : this.#hearClient(this.#server, said, rest);
  }

  #hearClient(o: TlsServerOptions, said: Said, rest: Uint8Array): Heard {
    const version = versionsOf(o)
      .filter((v) => said.versions.includes(v))
      .at(-1);
    if (version === undefined) return failed("unsupported protocol");
    const alpn = o.alpn.find((p) => said.alpn.includes(p));
    // RFC 7301 section 3.2.
    if (alpn === undefined && o.alpn.length > 0 && said.alpn.length > 0) return failed("no application protocol");
    const chain = o.clientAuth === "none" ? [] : said.chain;
    if (chain.length === 0 && o.clientAuth === "require") return failed("no certificate from the client");
    const reason = chain.length === 0 || o.verifyPeer === null ? null : o.verifyPeer(chain);
    if (reason !== null) return failed(reason);
    const info = { version, cipher: CIPHER, alpn: alpn ?? "", serverName: said.serverName, resumed: false, peerChain: chain };
    const reply = record(HANDSHAKE, serverHello({ ...info, chain: certificatesOf(o.cert) }));
    return { state: "done", info, reply, rest };
  }

  #hearServer(said: ServerSaid, rest: Uint8Array): Heard {
    const o = this.#client!;
    const reason = o.verifyPeer === null ? null : o.verifyPeer(said.chain);
    if (reason !== null) return failed(reason);
    const serverName = this.#serverName;
    const info = { version: said.version, cipher: CIPHER, alpn: said.alpn, serverName, resumed: false, peerChain: said.chain };
    return { state: "done", info, reply: null, rest };
  }
}

/** What was read; null: it can't be. */
function read<T>(f: (body: Uint8Array) => T, body: Uint8Array): T | null {
  try {
    return f(body);
  } catch {
    return null;
  }
}

function failed(reason: string): Heard {
  return { state: "failed", reason, reply: record(ALERT, Buffer.concat([Uint8Array.of(2, 40), Buffer.from(reason)])) };
}

function versionsOf(o: { readonly minVersion: TlsVersion; readonly maxVersion: TlsVersion }): TlsVersion[] {
  return (["1.2", "1.3"] as const).filter((v) => v >= o.minVersion && v <= o.maxVersion);
}

function certificatesOf(cert: string): Uint8Array[] {
  const found = pemToDer(cert);
  return found.length > 0 ? found : [new Uint8Array(Buffer.from(cert))];
}

function clientHello(said: Said): Uint8Array {
  const extensions: Uint8Array[] = [
    extension(SUPPORTED_VERSIONS, sized8(Buffer.concat(said.versions.map((v) => u16(WIRE_VERSIONS[v]))))),
  ];
  if (said.serverName !== "")
    extensions.push(extension(SERVER_NAME, sized16(Buffer.concat([Uint8Array.of(0), sized16(Buffer.from(said.serverName))]))));
  if (said.alpn.length > 0)
    extensions.push(extension(ALPN, sized16(Buffer.concat(said.alpn.map((p) => sized8(Buffer.from(p)))))));
  if (said.chain.length > 0) extensions.push(extension(CHAIN, Buffer.concat(said.chain.map(sized16))));
  // legacy_version, random, no session id, one suite, no compression (RFC 8446 section 4.1.2).
  const fixed = [u16(0x0303), new Uint8Array(32), sized8(new Uint8Array(0)), sized16(u16(0x1301)), sized8(Uint8Array.of(0))];
  return record(HANDSHAKE, message(CLIENT_HELLO, Buffer.concat([...fixed, sized16(Buffer.concat(extensions))])));
}

function readClientHello(body: Uint8Array): Said {
  open(body, CLIENT_HELLO);
  let at = 4 + 2 + 32;
  at += 1 + body[at]!;
  at += 2 + read16(body, at);
  at += 1 + body[at]!;
  const known = new Map<number, Uint8Array>();
  for (at += 2; at < body.length; at += 4 + read16(body, at + 2)) {
    known.set(read16(body, at), body.subarray(at + 4, at + 4 + read16(body, at + 2)));
  }
  const name = known.get(SERVER_NAME);
  const offered = known.get(SUPPORTED_VERSIONS) ?? Uint8Array.of(2, 3, 3);
  return {
    versions: (["1.2", "1.3"] as const).filter((v) =>
      offered.some((b, i) => i % 2 === 0 && i > 0 && b === (WIRE_VERSIONS[v] & 255)),
    ),
    alpn: known.has(ALPN) ? list8(known.get(ALPN)!.subarray(2)).map(text) : [],
    serverName: name === undefined ? "" : text(name.subarray(5)),
    chain: known.has(CHAIN) ? list16(known.get(CHAIN)!) : [],
  };
}

interface ServerSaid {
  readonly version: TlsVersion;
  readonly alpn: string;
  readonly chain: readonly Uint8Array[];
}

function serverHello(said: ServerSaid): Uint8Array {
  const parts = [sized16(Buffer.from(said.version)), sized16(Buffer.from(said.alpn)), ...said.chain.map(sized16)];
  return message(SERVER_HELLO, Buffer.concat(parts));
}

function readServerHello(body: Uint8Array): ServerSaid {
  open(body, SERVER_HELLO);
  const [version, alpn, ...chain] = list16(body.subarray(4));
  return { version: text(version!) as TlsVersion, alpn: text(alpn!), chain };
}

function record(type: number, body: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(type, 3, 1), sized16(body)]);
}
function message(type: number, body: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(type, body.length >> 16), sized16(body)]);
}
/** Throws unless the message is of that type and whole. */
function open(body: Uint8Array, type: number): void {
  const size = (body[1]! << 16) | read16(body, 2);
  if (body[0] !== type || body.length !== 4 + size) throw new Error("another message, or one cut short");
}
function extension(type: number, body: Uint8Array): Uint8Array {
  return Buffer.concat([u16(type), sized16(body)]);
}
function sized8(b: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(b.length), b]);
}
function sized16(b: Uint8Array): Uint8Array {
  return Buffer.concat([u16(b.length & 0xffff), b]);
}
function u16(n: number): Uint8Array {
  return Uint8Array.of(n >> 8, n & 255);
}
function read16(b: Uint8Array, at: number): number {
  if (at + 2 > b.length) throw new Error("cut short");
  return (b[at]! << 8) | b[at + 1]!;
}
function list8(b: Uint8Array): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let at = 0; at < b.length; at += 1 + b[at]!) all.push(b.slice(at + 1, at + 1 + b[at]!));
  return all;
}
function list16(b: Uint8Array): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let at = 0; at < b.length; at += 2 + read16(b, at)) all.push(b.slice(at + 2, at + 2 + read16(b, at)));
  return all;
}
function text(b: Uint8Array): string {
  return Buffer.from(b).toString();
}
