import { Buffer } from "node:buffer";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { localFault, type ProxyError } from "../base/error.ts";
import type { TlsClientOptions, TlsCommonOptions, TlsServerOptions } from "./types.ts";

/** What a runtime leaves to Weir when it makes a context. */
export interface TlsPromises {
  /** Cipher and curve lists are kept. */
  readonly lists: boolean;
  /** The runtime's own check of a client's certificate holds on resumed sessions as well. */
  readonly clientAuth: boolean;
}

/** ALPN's own limit for one name (RFC 7301 section 3.1). */
const ALPN_NAME_BYTES = 255;

/** Throws a ProxyError unless the options can be kept. Deno takes a key that is another certificate's, so the pair is checked here. */
export function checkServerOptions(o: TlsServerOptions, can: TlsPromises): void {
  checkCommon(o, can);
  checkPair(o.cert, o.key);
  if (o.clientAuth === "none") return;
  if (o.clientCa === null && o.verifyPeer === null) throw refused("give the authorities of clients' certificates");
  if (!can.clientAuth && o.verifyPeer === null)
    throw refused("give a check of clients' certificates: this runtime's own can be got around");
  if (o.clientCa !== null) certificates(o.clientCa, "clients' authorities");
}

/** Throws a ProxyError unless the options can be kept. */
export function checkClientOptions(o: TlsClientOptions, can: TlsPromises): void {
  checkCommon(o, can);
  if (o.ca !== null) certificates(o.ca, "the authorities");
  if ((o.cert === null) !== (o.key === null)) throw refused("give both a certificate and its key, or neither");
  if (o.cert !== null && o.key !== null) checkPair(o.cert, o.key);
}

/** The certificates of a PEM in DER; other blocks are left out. */
export function pemToDer(pem: string): Uint8Array[] {
  return [...pem.matchAll(PEM_CERTIFICATE)].map((m) => new Uint8Array(Buffer.from(m[1]!, "base64")));
}
const PEM_CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([^-]+)-----END/g;

/** Names with their lengths before them (RFC 7301 section 3.1): the one form that all runtimes take. */
export function wireAlpn(names: readonly string[]): Buffer {
  return Buffer.concat(names.map((n) => Buffer.from(String.fromCharCode(n.length) + n, "latin1")));
}

function checkCommon(o: TlsCommonOptions, can: TlsPromises): void {
  if (o.minVersion > o.maxVersion)
    throw refused(`raise maxVersion or lower minVersion: ${o.minVersion} is above ${o.maxVersion}`);
  for (const name of o.alpn) {
    if (name.length === 0 || name.length > ALPN_NAME_BYTES) throw refused("give protocols of 1 to 255 bytes");
  }
  if (can.lists) return;
  if (o.ciphers !== null) throw refused("leave the list of ciphers out: this runtime has one of its own");
  if (o.curves !== null) throw refused("leave the list of curves out: this runtime has one of its own");
}

function checkPair(cert: string, key: string): void {
  const leaf = certificates(cert, "the certificate")[0]!;
  let matches: boolean;
  try {
    matches = leaf.checkPrivateKey(createPrivateKey(key));
  } catch (e) {
    throw refused("check the key: it can't be read as a PEM without a password", e);
  }
  if (!matches) throw refused("give the certificate's own key: this one belongs to another");
}

function certificates(pem: string, what: string): X509Certificate[] {
  let found: X509Certificate[];
  try {
    found = pemToDer(pem).map((der) => new X509Certificate(der));
  } catch (e) {
    throw refused(`check ${what}: a certificate in it can't be read`, e);
  }
  if (found.length === 0) throw refused(`check ${what}: there is no certificate in it`);
  return found;
}

/** A context that can't be made. */
export function refused(message: string, cause?: unknown): ProxyError {
  return localFault("internal", 500, message, cause);
}
