/** Frame types (RFC 9113 6). */
export const DATA = 0x0;
export const HEADERS = 0x1;
export const PRIORITY = 0x2;
export const RST_STREAM = 0x3;
export const SETTINGS = 0x4;
export const PUSH_PROMISE = 0x5;
export const PING = 0x6;
export const GOAWAY = 0x7;
export const WINDOW_UPDATE = 0x8;
export const CONTINUATION = 0x9;

export const FLAG_ACK = 0x1;
export const FLAG_END_STREAM = 0x1;
export const FLAG_END_HEADERS = 0x4;
export const FLAG_PADDED = 0x8;
export const FLAG_PRIORITY = 0x20;

/** Bytes of a frame's head (RFC 9113 4.1). */
export const FRAME_HEAD = 9;
/** The largest window, increment and stream id (RFC 9113 5.1.1, 6.9). */
export const MAX_31 = 0x7fffffff;
/** Every window before SETTINGS say otherwise (RFC 9113 6.9.2). */
export const FIRST_WINDOW = 65_535;
/** SETTINGS_MAX_FRAME_SIZE at its least, which is its first value too (RFC 9113 6.5.2). */
export const LEAST_FRAME_SIZE = 16_384;

/** Reads 31 bits: a stream id, an increment. */
export function read31(b: Uint8Array, at: number): number {
  return ((b[at]! & 0x7f) << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
}

export function read32(b: Uint8Array, at: number): number {
  return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
}
