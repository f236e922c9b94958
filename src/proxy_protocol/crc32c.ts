/** The reversed polynomial of CRC-32C (RFC 9260 appendix A). */
const POLYNOMIAL = 0x82f63b78;

const TABLE = new Uint32Array(256);
for (let i = 0; i < 256; i++) {
  let c = i;
  for (let bit = 0; bit < 8; bit++) c = (c & 1) === 0 ? c >>> 1 : (c >>> 1) ^ POLYNOMIAL;
  TABLE[i] = c;
}

/** CRC-32C of the bytes, those from `zeroAt` on taken as four zeros; −1: all as they are. */
export function crc32c(b: Uint8Array, zeroAt = -1): number {
  let c = 0xffffffff;
  for (let i = 0; i < b.length; i++) {
    const byte = zeroAt >= 0 && i >= zeroAt && i < zeroAt + 4 ? 0 : b[i]!;
    c = TABLE[(c ^ byte) & 0xff]! ^ (c >>> 8);
  }
  return (c ^ 0xffffffff) >>> 0;
}
