/** One fact of any kind, as binary protocols carry it. */
export interface Tlv {
  /** 0 to 255. */
  readonly type: number;
  readonly value: Uint8Array;
}
