import { Buffer } from "node:buffer";
import { parseAddress } from "../base/cidr.ts";
import { ipText } from "../base/ip_text.ts";
import type { Address } from "./types.ts";

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
/** The largest of Linux's: sockaddr_un with a path of 108 bytes. */
export const ADDRESS_BYTES = 110;
const IN_BYTES = 16;
const IN6_BYTES = 28;
const PATH_AT = 2;
const PATH_BYTES = 108;

/** An address as Linux's calls take it, on a machine of little endian as all are that Weir runs on. A RangeError: a host that is no literal, a path that is too long. */
export function encodeSocketAddress(at: Address): { readonly family: number; readonly bytes: Uint8Array } {
  if (at.kind === "unix") return { family: AF_UNIX, bytes: encodePath(at.path) };
  const zone = at.host.indexOf("%");
  const ip = parseAddress(zone < 0 ? at.host : at.host.slice(0, zone));
  if (ip === null) throw new RangeError(`not an IP address: "${at.host}"`);
  const four = !at.host.includes(":");
  const bytes = new Uint8Array(four ? IN_BYTES : IN6_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, four ? AF_INET : AF_INET6, true);
  view.setUint16(2, at.port);
  if (four) bytes.set(ip.subarray(12), 4);
  else bytes.set(ip, 8);
  // By number: a name of an interface is not known here.
  if (zone >= 0) {
    const scope = at.host.slice(zone + 1);
    if (!/^\d{1,9}$/.test(scope)) throw new RangeError(`the zone is no interface's number: "${at.host}"`);
    view.setUint32(24, Number(scope), true);
  }
  return { family: four ? AF_INET : AF_INET6, bytes };
}

/** `bytes`: as long as the kernel said. Null: another family. */
export function decodeSocketAddress(bytes: Uint8Array): Address | null {
  if (bytes.length < 2) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (view.getUint16(0, true)) {
    case AF_UNIX:
      return { kind: "unix", path: decodePath(bytes.subarray(PATH_AT)) };
    case AF_INET:
      return bytes.length < IN_BYTES ? null : { kind: "tcp", host: ipText(bytes.subarray(4, 8)), port: view.getUint16(2) };
    case AF_INET6: {
      if (bytes.length < IN6_BYTES) return null;
      const scope = view.getUint32(24, true);
      const host = ipText(bytes.subarray(8, 24));
      return { kind: "tcp", host: scope === 0 ? host : `${host}%${scope}`, port: view.getUint16(2) };
    }
    default:
      return null;
  }
}

/** A path ends with NUL; an abstract name begins with it and has its length from the call alone (unix(7)). */
function encodePath(path: string): Uint8Array {
  const name = Buffer.from(path);
  const end = path.startsWith("\0") ? 0 : 1;
  if (name.length + end > PATH_BYTES) throw new RangeError(`a unix socket's path takes ${PATH_BYTES - end} bytes: "${path}"`);
  const bytes = new Uint8Array(PATH_AT + name.length + end);
  bytes[0] = AF_UNIX;
  bytes.set(name, PATH_AT);
  return bytes;
}

function decodePath(b: Uint8Array): string {
  const end = b[0] === 0 ? -1 : b.indexOf(0);
  return Buffer.from(end < 0 ? b : b.subarray(0, end)).toString();
}
