import process from "node:process";
import { localFault, type ProxyError } from "../base/error.ts";
import type { Libc } from "./libc.ts";
import type { Conn, OsCalls } from "./types.ts";

/** A connection's descriptor, and what to call when it is no longer needed. */
export type Borrowed = { readonly fd: number; release(): void } | null;
export type FdOf = (c: Conn) => Borrowed;

const MAC = process.platform === "darwin";
const RLIMIT_NOFILE = MAC ? 8 : 7;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const UCRED_BYTES = 12;
const UCRED_UID = 4;
/** The most that is asked for: a million connections, and what a kernel takes that calls its own limit infinite. */
const PLENTY = 1_048_576n;
const ROOT = 0;

/** What is done through libc. `fdOf` knows the runtime's connections. */
export function createOsCalls(libc: Libc, fdOf: FdOf): OsCalls {
  return new LibcCalls(libc, fdOf);
}

class LibcCalls implements OsCalls {
  readonly #libc: Libc;
  readonly #fdOf: FdOf;

  constructor(libc: Libc, fdOf: FdOf) {
    this.#libc = libc;
    this.#fdOf = fdOf;
  }

  dropPrivileges(uid: number, gid: number): void {
    const c = this.#libc;
    const groups = new Uint8Array(4);
    new DataView(groups.buffer).setUint32(0, gid, true);
    // Groups first and the user last: after it the others may no longer be changed.
    if (c.geteuid() === ROOT && c.setgroups(1, groups) !== 0) throw dropFault("setgroups", uid, gid);
    if (c.setgid(gid) !== 0) throw dropFault("setgid", uid, gid);
    if (c.setuid(uid) !== 0) throw dropFault("setuid", uid, gid);
    const held = c.getuid() === uid && c.geteuid() === uid && c.getgid() === gid && c.getegid() === gid;
    if (!held) throw dropFault("the check afterwards", uid, gid);
    if (uid !== ROOT && c.setuid(ROOT) === 0) throw dropFault("the check that root can't be taken back", uid, gid);
  }

  fileLimit(): { soft: number; hard: number } | null {
    const limit = this.#readLimit();
    return limit === null ? null : { soft: Number(limit.getBigUint64(0, true)), hard: Number(limit.getBigUint64(8, true)) };
  }

  raiseFileLimit(): number {
    const limit = this.#readLimit();
    if (limit === null) return 0;
    const soft = limit.getBigUint64(0, true);
    const hard = limit.getBigUint64(8, true);
    const wanted = hard < PLENTY ? hard : PLENTY;
    if (wanted > soft) {
      limit.setBigUint64(0, wanted, true);
      this.#libc.setrlimit(RLIMIT_NOFILE, new Uint8Array(limit.buffer));
    }
    return this.fileLimit()?.soft ?? Number(soft);
  }

  #readLimit(): DataView<ArrayBuffer> | null {
    const b = new Uint8Array(16);
    return this.#libc.getrlimit(RLIMIT_NOFILE, b) === 0 ? new DataView(b.buffer) : null;
  }

  peerUser(c: Conn): number | null {
    if (MAC || c.info.local.kind !== "unix") return null;
    const borrowed = this.#fdOf(c);
    if (borrowed === null) return null;
    try {
      const ucred = new Uint8Array(UCRED_BYTES);
      const size = Uint8Array.of(UCRED_BYTES, 0, 0, 0);
      if (this.#libc.getsockopt(borrowed.fd, SOL_SOCKET, SO_PEERCRED, ucred, size) !== 0) return null;
      return new DataView(ucred.buffer).getUint32(UCRED_UID, true);
    } finally {
      borrowed.release();
    }
  }
}

function dropFault(step: string, uid: number, gid: number): ProxyError {
  return localFault(
    "internal",
    500,
    `start as root, or leave the user out: becoming user ${uid} and group ${gid} failed at ${step}`,
  );
}
