/** Received chunks from this size on are worth freeing or using again as soon as they were written; below it copies cost less. */
export const BIG_CHUNK = 16 * 1024;

interface Sole extends Uint8Array {
  weirSole?: boolean;
}

/** Says that no other view of the memory below `b` is in use: who writes `b` to a socket may take that memory back. */
export function markSole(b: Uint8Array): void {
  (b as Sole).weirSole = true;
}

export function isSole(b: Uint8Array): boolean {
  return b.length >= BIG_CHUNK && (b as Sole).weirSole === true;
}
