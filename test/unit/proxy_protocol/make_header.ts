/** Headers of the PROXY protocol, put together by hand: what they hold need not be true. One char a byte. */

export const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";

export function byte(n: number): string {
  return String.fromCharCode(n & 0xff);
}
export function u16(n: number): string {
  return byte(n >> 8) + byte(n);
}
export function u32(n: number): string {
  return u16(n >>> 16) + u16(n);
}
export function tlv(type: number, value: string): string {
  return byte(type) + u16(value.length) + value;
}

export interface V2Parts {
  readonly command?: number;
  readonly family?: number;
  readonly addresses?: string;
  readonly tlvs?: string;
  /** Instead of the true one. */
  readonly length?: number;
}

/** PROXY over TCP4 from 192.0.2.1:1000 to 198.51.100.2:443 where nothing else is said. */
export function v2(o: V2Parts = {}): string {
  const body = (o.addresses ?? INET) + (o.tlvs ?? "");
  return SIGNATURE + byte(o.command ?? 0x21) + byte(o.family ?? 0x11) + u16(o.length ?? body.length) + body;
}

export const INET = `\xc0\0\x02\x01\xc6\x33\x64\x02${u16(1000)}${u16(443)}`;
/** 2001:db8::1, port 1000, and 2001:db8::2, port 443. */
export const INET6 = `\x20\x01\x0d\xb8${"\0".repeat(11)}\x01\x20\x01\x0d\xb8${"\0".repeat(11)}\x02${u16(1000)}${u16(443)}`;
export function unixBlock(source: string, destination: string): string {
  return source.padEnd(108, "\0") + destination.padEnd(108, "\0");
}

/** Bit by bit, as RFC 9260 appendix A describes the sum. */
export function slowCrc32c(text: string): number {
  let c = 0xffffffff;
  for (const char of text) {
    c ^= char.charCodeAt(0);
    for (let i = 0; i < 8; i++) c = (c & 1) === 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  }
  return ~c >>> 0;
}

/** A header whose last TLV is its checksum. */
export function summed(o: V2Parts = {}): string {
  const zeros = v2({ ...o, tlvs: `${o.tlvs ?? ""}${tlv(3, "\0\0\0\0")}` });
  return zeros.slice(0, -4) + u32(slowCrc32c(zeros));
}
