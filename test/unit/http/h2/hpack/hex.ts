/** Bytes of hex digits, white space among them. */
export function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replace(/\s+/g, ""), "hex"));
}

export function hexOf(b: Uint8Array, from = 0, to: number = b.length): string {
  return Buffer.from(b.subarray(from, to)).toString("hex");
}
