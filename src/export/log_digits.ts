const ZERO = 0x30;
const DOT = 0x2e;
/** Above this, digits are left to the runtime. */
const SMALL = 0x7fff_ffff;

/** Bytes that a number takes at most here. */
export const NUMBER_BYTES = 32;

/** Writes a whole number of 0 or more; one below is written as 0. */
export function putWhole(b: Uint8Array, at: number, n: number): number {
  if (n < 10) {
    b[at] = n > 0 ? ZERO + n : ZERO;
    return at + 1;
  }
  if (n > SMALL) return putString(b, at, String(n));
  let width = 2;
  for (let limit = 100; n >= limit; limit *= 10) width++;
  let rest = n | 0;
  for (let i = at + width - 1; i >= at; i--) {
    const tens = (rest / 10) | 0;
    b[i] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return at + width;
}

/** Writes three digits, zeros in front; `n` below 1000. */
export function putThree(b: Uint8Array, at: number, n: number): number {
  const hundreds = (n / 100) | 0;
  const tens = ((n - hundreds * 100) / 10) | 0;
  b[at] = ZERO + hundreds;
  b[at + 1] = ZERO + tens;
  b[at + 2] = ZERO + n - hundreds * 100 - tens * 10;
  return at + 3;
}

/** Writes milliseconds of 0 or more with three decimals. */
export function putMilliseconds(b: Uint8Array, at: number, ms: number): number {
  const micros = Math.round(ms * 1000);
  const whole = Math.floor(micros / 1000);
  const to = putWhole(b, at, whole);
  b[to] = DOT;
  return putThree(b, to + 1, micros - whole * 1000);
}

function putString(b: Uint8Array, at: number, s: string): number {
  for (let i = 0; i < s.length; i++) b[at + i] = s.charCodeAt(i);
  return at + s.length;
}
