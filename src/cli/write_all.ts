import { writeSync } from "node:fs";

const napping = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of it before it returns, however slowly the other end reads: what Bun has queued for a pipe beyond the pipe's 64 KiB is lost
 * when the process exits. A reader that has gone, as after `| head`, is no fault.
 */
export function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (e) {
      const { code } = e as NodeJS.ErrnoException;
      // Deno's own error has a name and no code.
      if (code === "EPIPE" || (e as Error).name === "BrokenPipe") return;
      if (code !== "EAGAIN" && (e as Error).name !== "WouldBlock") throw e;
      // The descriptor is shared with somebody who made it non-blocking: there is nothing to do but to wait for room.
      Atomics.wait(napping, 0, 0, 1);
    }
  }
}
