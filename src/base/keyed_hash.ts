/**
 * HalfSipHash-2-4 of a text's chars, each taken as one byte, to a signed 32-bit number (J.-P. Aumasson, 2016). Who does not know the key
 * can't find texts that fall together, which matters where a peer may choose the text.
 */
export function keyedHash(text: string, key0: number, key1: number): number {
  let v0 = key0;
  let v1 = key1;
  let v2 = 0x6c796765 ^ key0;
  let v3 = 0x74656462 ^ key1;
  const words = text.length >> 2;
  // The words of the text, one with its rest and its length, then four rounds that end it.
  for (let i = 0; i < words + 3; i++) {
    const m = i < words ? wordAt(text, 4 * i) : i === words ? restOf(text, 4 * words) : 0;
    if (i === words + 1) v2 ^= 0xff;
    v3 ^= m;
    for (let round = 0; round < 2; round++) {
      v0 = (v0 + v1) | 0;
      v1 = rotl(v1, 5) ^ v0;
      v0 = rotl(v0, 16);
      v2 = (v2 + v3) | 0;
      v3 = rotl(v3, 8) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = rotl(v3, 7) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = rotl(v1, 13) ^ v2;
      v2 = rotl(v2, 16);
    }
    v0 ^= m;
  }
  return v1 ^ v3;
}

function wordAt(text: string, at: number): number {
  return byteAt(text, at) | (byteAt(text, at + 1) << 8) | (byteAt(text, at + 2) << 16) | (byteAt(text, at + 3) << 24);
}

function restOf(text: string, at: number): number {
  let m = text.length << 24;
  for (let i = at; i < text.length; i++) m |= byteAt(text, i) << (8 * (i - at));
  return m;
}

function byteAt(text: string, at: number): number {
  return text.charCodeAt(at) & 0xff;
}

function rotl(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}
