import { latin1 } from "../../base/bytes.ts";
import { type DerReader, TAG } from "./der.ts";

/** An OBJECT IDENTIFIER in dots (X.690 8.19), such as `2.5.29.17`. */
export function readOid(r: DerReader): string {
  const c = r.read(TAG.oid);
  return oidText(c.rest(), c);
}

/** The bytes of an OBJECT IDENTIFIER in dots. */
export function oidText(b: Uint8Array, r: DerReader): string {
  const arcs: number[] = [];
  let arc = 0;
  let fresh = true;
  for (const byte of b) {
    // X.690 8.19.2: no leading zeros. 2^52 is the largest that stays exact.
    if ((fresh && byte === 0x80) || arc >= 2 ** 45) r.fail();
    arc = arc * 128 + (byte & 0x7f);
    fresh = byte < 0x80;
    if (!fresh) continue;
    if (arcs.length === 0) {
      const first = Math.min(2, Math.floor(arc / 40));
      arcs.push(first, arc - 40 * first);
    } else arcs.push(arc);
    arc = 0;
  }
  if (b.length === 0 || !fresh) r.fail();
  return arcs.join(".");
}

/** A BOOLEAN (X.690 11.1). */
export function readBoolean(r: DerReader): boolean {
  const b = r.read(TAG.boolean).rest();
  if (b.length !== 1 || (b[0] !== 0 && b[0] !== 0xff)) r.fail();
  return b[0] === 0xff;
}

/** An INTEGER from 0 to 2^31 - 1. */
export function readSmallInteger(r: DerReader): number {
  const b = readInteger(r);
  if (b.length > 4 || (b[0] ?? 0) >= 0x80) r.fail();
  let n = 0;
  for (const byte of b.subarray(0, 4)) n = n * 256 + byte;
  return n;
}

/** The bytes of an INTEGER (X.690 8.3), in as few as can be. */
export function readInteger(r: DerReader): Uint8Array {
  const b = r.read(TAG.integer).rest();
  const padded = b.length > 1 && ((b[0] === 0 && b[1]! < 0x80) || (b[0] === 0xff && b[1]! >= 0x80));
  if (b.length === 0 || padded) r.fail();
  return b;
}

/** The named bits of a BIT STRING of up to 16, bit 0 lowest (X.690 8.6, 11.2). */
export function readNamedBits(r: DerReader): number {
  const b = r.read(TAG.bitString).rest();
  const unused = b[0] ?? 8;
  if (b.length < 1 || b.length > 3 || unused > 7 || (b.length === 1 && unused > 0)) r.fail();
  let bits = 0;
  for (let i = 0; i < (b.length - 1) * 8; i++) if ((b[1 + (i >> 3)]! & (0x80 >> (i & 7))) !== 0) bits |= 1 << i;
  return bits;
}

/** A BIT STRING of whole bytes. */
export function readOctetBits(r: DerReader): Uint8Array {
  const b = r.read(TAG.bitString).rest();
  if (b.length < 1 || b[0] !== 0) r.fail();
  return b.subarray(1);
}

/** Milliseconds since 1970 of a Time (RFC 5280 4.1.2.5): years to 2049 in UTCTime, later ones in GeneralizedTime, always to the second and in Zulu. */
export function readTime(r: DerReader): number {
  const short = r.tag === TAG.utcTime;
  const b = r.read(short ? TAG.utcTime : TAG.generalizedTime).rest();
  const text = latin1(b, 0, b.length);
  const m = (short ? UTC : GENERALIZED).exec(text);
  if (m === null) {
    r.fail();
    return 0;
  }
  const written = Number(m[1]);
  const year = short ? written + (written < 50 ? 2000 : 1900) : written;
  const [month, day, hour, minute, second] = m.slice(2, 7).map(Number) as [number, number, number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  // A day that the month does not have would have become one of the next.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) r.fail();
  return date.getTime();
}

const UTC = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
