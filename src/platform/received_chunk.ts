/** Received chunks from this size on are arrays of their own, freed as soon as they were written. */
export const BIG_CHUNK = 16 * 1024;

/** Buffers that came from `onData`: they alone may be freed, for what else is written may be written again. */
interface Received extends ArrayBuffer {
  weirReceived?: true;
}

/** Node 20 has no way to free a buffer. */
const CAN_FREE = typeof (ArrayBuffer.prototype as Partial<ArrayBuffer>).transfer === "function";

/** Notes that `b` came from the wire. */
export function markReceived(b: Uint8Array): void {
  if (CAN_FREE && b.length >= BIG_CHUNK) (b.buffer as Received).weirReceived = true;
}

/** Whether `releaseChunk` would free it: a whole received chunk, of which no other view is in use. */
export function isReleasable(part: Uint8Array): boolean {
  return part.length >= BIG_CHUNK && part.length === part.buffer.byteLength && (part.buffer as Received).weirReceived === true;
}

/** Frees a whole received chunk that was written on, long before a collection would: on Deno that keeps a relay at 67 MB instead of 392. */
export function releaseChunk(part: Uint8Array): void {
  if (isReleasable(part)) (part.buffer as Received).transfer(0);
}
