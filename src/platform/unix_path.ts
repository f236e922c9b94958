import { lstatSync, unlinkSync } from "node:fs";
import { createConnection } from "node:net";

/** A path in the file system, not an abstract name. */
export function isFilePath(path: string): boolean {
  return path.charCodeAt(0) !== 0;
}

/** Removes the file of a socket on which nobody answers, so that its path can be bound again. Anything else stays as it is. */
export async function clearStaleSocket(path: string): Promise<void> {
  if (!isFilePath(path) || inodeOf(path) === null) return;
  const before = inodeOf(path);
  if (await answers(path)) return;
  // Whoever replaced it meanwhile is alive.
  if (inodeOf(path) === before) removeQuietly(path);
}

/** The inode of the socket at `path`; null when there is none. */
export function inodeOf(path: string): number | null {
  try {
    const s = lstatSync(path);
    return s.isSocket() ? s.ino : null;
  } catch {
    return null;
  }
}

/** Removes our own socket's file and never a successor's at the same path. */
export function removeOwnSocket(path: string, inode: number | null): void {
  if (inode !== null && inodeOf(path) === inode) removeQuietly(path);
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or not ours to remove: binding will tell.
  }
}

/** Whether somebody accepts there; any other failure than a refusal counts as yes. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const s = createConnection({ path });
    s.once("connect", () => {
      s.destroy();
      resolve(true);
    });
    s.once("error", (e: Error & { code?: string }) => resolve(e.code !== "ECONNREFUSED"));
  });
}
