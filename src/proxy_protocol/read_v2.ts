import type { Address, UnixAddress } from "../base/address.ts";
import { FAMILY, type HeaderAnswer, headerFault, type ProxiedEnds, UNIX_BYTES, V2_FIXED_BYTES } from "./header.ts";
import { hostText } from "./host_text.ts";
import { V2_BYTES } from "./limits.ts";
import { readTlvs } from "./read_tlvs.ts";
import { utf8 } from "./utf8.ts";

/** 2.2: bytes of both addresses with their ports. */
const ADDRESS_BYTES: ReadonlyMap<number, number> = new Map([
  [FAMILY.unspecified, 0],
  [FAMILY.tcp4, 12],
  [FAMILY.udp4, 12],
  [FAMILY.tcp6, 36],
  [FAMILY.udp6, 36],
  [FAMILY.unixStream, 2 * UNIX_BYTES],
  [FAMILY.unixDatagram, 2 * UNIX_BYTES],
]);

/** Reads a header of version 2 (2.2) from bytes that begin with its signature and may end anywhere. */
export function readV2(b: Uint8Array): HeaderAnswer {
  if (b.length < V2_FIXED_BYTES) return b.length > 12 && b[12]! >> 4 !== 2 ? headerFault(NO_VERSION) : { kind: "more" };
  if (b[12]! >> 4 !== 2) return headerFault(NO_VERSION);
  const command = b[12]! & 0xf;
  if (command > 1) return headerFault("a command that is neither LOCAL nor PROXY");
  const size = V2_FIXED_BYTES + ((b[14]! << 8) | b[15]!);
  if (size > V2_BYTES) return headerFault(`more than ${V2_BYTES} bytes`);
  const family = b[13]!;
  const addresses = ADDRESS_BYTES.get(family);
  if (command === 1) {
    if (addresses === undefined) return headerFault("a family or a transport that there is none of");
    if (size < V2_FIXED_BYTES + addresses) return headerFault("a length that does not hold the addresses");
  }
  if (b.length < size) return { kind: "more" };
  const unread = b.subarray(size);
  // 2.2: all that follows is to be ignored, the family too, and the connection's own ends are meant. What stands in an address block
  // of no family can't be told from TLVs, and is to be ignored as well.
  if (command === 0 || addresses === undefined || family === FAMILY.unspecified)
    return { kind: "header", header: { version: 2, ends: null, tlvs: [] }, unread };
  const ends = readEnds(b, family);
  if (ends === "bad") return headerFault("a path that is not UTF-8, or has something behind its end");
  const tlvs = readTlvs(b.subarray(0, size), V2_FIXED_BYTES + addresses);
  return typeof tlvs === "string" ? headerFault(tlvs) : { kind: "header", header: { version: 2, ends, tlvs }, unread };
}

/** null: the connection's own, for a stream was not meant (2.2: what is not served falls back to that). */
function readEnds(b: Uint8Array, family: number): ProxiedEnds | null | "bad" {
  const at = V2_FIXED_BYTES;
  switch (family) {
    case FAMILY.tcp4:
      return { source: tcp(b, at, 4, at + 8), destination: tcp(b, at + 4, 4, at + 10) };
    case FAMILY.tcp6:
      return { source: tcp(b, at, 16, at + 32), destination: tcp(b, at + 16, 16, at + 34) };
    case FAMILY.unixStream: {
      const source = unix(b, at);
      const destination = unix(b, at + UNIX_BYTES);
      return source === null || destination === null ? "bad" : { source, destination };
    }
    default:
      return null;
  }
}

function tcp(b: Uint8Array, at: number, bytes: 4 | 16, portAt: number): Address {
  let sixteen = b.subarray(at, at + bytes);
  if (bytes === 4) {
    const mapped = new Uint8Array(16);
    mapped[10] = mapped[11] = 0xff;
    mapped.set(sixteen, 12);
    sixteen = mapped;
  }
  return { kind: "tcp", host: hostText(sixteen), port: (b[portAt]! << 8) | b[portAt + 1]! };
}

/** null: it is not UTF-8, or something follows on the NUL that ends it. An abstract name begins with NUL, and its padding can't be told from it. */
function unix(b: Uint8Array, from: number): UnixAddress | null {
  let to = from + UNIX_BYTES;
  while (to > from && b[to - 1] === 0) to--;
  const path = utf8(b.subarray(from, to));
  return path === null || path.lastIndexOf("\0") > 0 ? null : { kind: "unix", path };
}

const NO_VERSION = "a version that is not 2";
