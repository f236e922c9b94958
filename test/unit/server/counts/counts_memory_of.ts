import { CountsMemory } from "../../../../src/server/counts/counts_memory.ts";

/** The supervisor's side, in memory of this process, which others would have mapped. */
export function memoryOf(workers: number): { readonly memory: CountsMemory; readonly buffer: ArrayBuffer } {
  let buffer = new ArrayBuffer(0);
  const sharedMemory = (bytes: number): { fd: number; buffer: ArrayBuffer } => {
    buffer = new ArrayBuffer(bytes);
    return { fd: -1, buffer };
  };
  const memory = new CountsMemory({ sharedMemory }, workers);
  return { memory, buffer };
}
