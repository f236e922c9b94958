import { constants } from "node:os";
import type { LinuxLibc } from "./linux_libc.ts";
import type { EndedChild } from "./types.ts";

const PR_SET_CHILD_SUBREAPER = 36;
const P_ALL = 0;
const P_PID = 1;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;
// siginfo_t of 64-bit Linux (sigaction(2)): si_code, and the union's first fields for SIGCHLD.
const INFO_BYTES = 128;
const CODE_AT = 8;
const PID_AT = 16;
const STATUS_AT = 24;
const CLD_EXITED = 1;

/** Orphans of this process's descendants become its children, as those of a PID namespace become process 1's. */
export function adoptOrphans(libc: LinuxLibc): void {
  libc.must(libc.c.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "becoming the one who reaps orphans");
}

/**
 * Takes one child that has ended. The runtime waits for what it has started itself by its number, and would find nothing: such a child
 * (`notThis`) is looked at and left. Null: no child has ended, or the runtime's stands first; when it is taken, ask again.
 */
export function reapChild(libc: LinuxLibc, notThis: number): EndedChild | null {
  const found = wait(libc, P_ALL, 0, WNOWAIT);
  return found === null || found.pid === notThis ? null : wait(libc, P_PID, found.pid, 0);
}

function wait(libc: LinuxLibc, kind: number, id: number, flags: number): EndedChild | null {
  const info = new Uint8Array(INFO_BYTES);
  const v = new DataView(info.buffer);
  // A failure is ECHILD: there is no child.
  if (libc.c.waitid(kind, id, info, WEXITED | WNOHANG | flags) !== 0) return null;
  const pid = v.getInt32(PID_AT, true);
  if (pid === 0) return null;
  const status = v.getInt32(STATUS_AT, true);
  return v.getInt32(CODE_AT, true) === CLD_EXITED
    ? { pid, code: status, signal: null }
    : { pid, code: null, signal: signalName(status) };
}

function signalName(n: number): string {
  return Object.entries(constants.signals).find(([, number]) => number === n)?.[0] ?? `signal ${n}`;
}
