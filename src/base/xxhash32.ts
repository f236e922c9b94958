const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;

/**
 * XXH32 of a text's chars, each taken as one byte, as an unsigned 32-bit number (Y. Collet, xxHash specification 0.1.1). Fast and well
 * spread, and no defence against who chooses texts that fall together: `keyedHash` is that.
 */
export function xxHash32(text: string, seed: number): number {
  const n = text.length;
  let at = 0;
  let h: number;
  if (n >= 16) {
    let a = (seed + P1 + P2) | 0;
    let b = (seed + P2) | 0;
    let c = seed | 0;
    let d = (seed - P1) | 0;
    for (; at <= n - 16; at += 16) {
      a = round(a, wordAt(text, at));
      b = round(b, wordAt(text, at + 4));
      c = round(c, wordAt(text, at + 8));
      d = round(d, wordAt(text, at + 12));
    }
    h = (rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18)) | 0;
  } else h = (seed + P5) | 0;
  h = (h + n) | 0;
  for (; at <= n - 4; at += 4) h = Math.imul(rotl((h + Math.imul(wordAt(text, at), P3)) | 0, 17), P4);
  for (; at < n; at++) h = Math.imul(rotl((h + Math.imul(text.charCodeAt(at) & 0xff, P5)) | 0, 11), P1);
  return mix32(h);
}

/** XXH32's last step, the avalanche: each bit of what comes in moves each of what goes out with even odds. No two numbers fall together. */
export function mix32(x: number): number {
  const a = Math.imul(x ^ (x >>> 15), P2);
  const b = Math.imul(a ^ (a >>> 13), P3);
  return (b ^ (b >>> 16)) >>> 0;
}

function round(lane: number, word: number): number {
  return Math.imul(rotl((lane + Math.imul(word, P2)) | 0, 13), P1);
}

function wordAt(text: string, at: number): number {
  return (
    (text.charCodeAt(at) & 0xff) |
    ((text.charCodeAt(at + 1) & 0xff) << 8) |
    ((text.charCodeAt(at + 2) & 0xff) << 16) |
    ((text.charCodeAt(at + 3) & 0xff) << 24)
  );
}

function rotl(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}
