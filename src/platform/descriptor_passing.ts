import { localFault } from "../base/error.ts";
import type { LinuxLibc } from "./linux_libc.ts";
import type { ReceivedDescriptors } from "./linux_types.ts";

/** Descriptors of one message: the kernel takes 253 (SCM_MAX_FD), and what comes is opened here before anyone judges it. */
export const MAX_PASSED = 64;
/** Bytes of one tag: names and addresses of what is passed; bodies go over the stream beside it. */
export const MAX_TAG_BYTES = 16 * 1024;

const AF_UNIX = 1;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CTRUNC = 0x08;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const MAP_PRIVATE_ANONYMOUS = 0x22;

// One page region, laid out once: struct iovec, struct msghdr and struct cmsghdr of 64-bit Linux (glibc's and musl's have the same bytes there).
const IOVEC_AT = 0;
const MESSAGE_AT = 64;
const MESSAGE_CONTROL_SIZE_AT = MESSAGE_AT + 40;
const MESSAGE_FLAGS_AT = MESSAGE_AT + 48;
const CONTROL_AT = 128;
const CONTROL_HEAD = 16;
const CONTROL_BYTES = CONTROL_HEAD + 4 * MAX_PASSED;
const TAG_AT = 4096;
const REGION_BYTES = TAG_AT + MAX_TAG_BYTES;

/** SCM_RIGHTS (unix(7)) over sockets that no runtime reads from: one message each, with all its descriptors or none. */
export class DescriptorPassing {
  readonly #libc: LinuxLibc;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #message: bigint;

  constructor(libc: LinuxLibc) {
    this.#libc = libc;
    // Memory of its own, because its address is needed and a typed array's may change.
    const { address, buffer } = libc.map(REGION_BYTES, MAP_PRIVATE_ANONYMOUS, -1);
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.#message = address + BigInt(MESSAGE_AT);
    this.#view.setBigUint64(IOVEC_AT, address + BigInt(TAG_AT), true);
    this.#view.setBigUint64(MESSAGE_AT + 16, address + BigInt(IOVEC_AT), true);
    this.#view.setBigUint64(MESSAGE_AT + 24, 1n, true);
    this.#view.setBigUint64(MESSAGE_AT + 32, address + BigInt(CONTROL_AT), true);
  }

  send(fd: number, fds: readonly number[], tag: Uint8Array): boolean {
    if (fds.length > MAX_PASSED || tag.length < 1 || tag.length > MAX_TAG_BYTES) {
      const found = `${fds.length} descriptors and ${tag.length} bytes`;
      throw localFault("internal", 500, `pass 0 to ${MAX_PASSED} descriptors with 1 to ${MAX_TAG_BYTES} bytes: found ${found}`);
    }
    const v = this.#view;
    this.#bytes.set(tag, TAG_AT);
    v.setBigUint64(IOVEC_AT + 8, BigInt(tag.length), true);
    const control = fds.length === 0 ? 0 : CONTROL_HEAD + 4 * fds.length;
    // The length of the whole is a multiple of 8, that in the head is not (cmsg(3)).
    v.setBigUint64(MESSAGE_CONTROL_SIZE_AT, BigInt((control + 7) & ~7), true);
    v.setBigUint64(CONTROL_AT, BigInt(control), true);
    v.setInt32(CONTROL_AT + 8, SOL_SOCKET, true);
    v.setInt32(CONTROL_AT + 12, SCM_RIGHTS, true);
    for (const [i, passed] of fds.entries()) v.setInt32(CONTROL_AT + CONTROL_HEAD + 4 * i, passed, true);
    const sent = this.#libc.c.sendmsg(fd, this.#message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0n) return true;
    if (this.#libc.wouldWait) return false;
    throw this.#libc.fault(`passing ${fds.length} descriptors`);
  }

  receive(fd: number): ReceivedDescriptors | null {
    const v = this.#view;
    v.setBigUint64(IOVEC_AT + 8, BigInt(MAX_TAG_BYTES), true);
    v.setBigUint64(MESSAGE_CONTROL_SIZE_AT, BigInt(CONTROL_BYTES), true);
    v.setInt32(MESSAGE_FLAGS_AT, 0, true);
    const got = Number(this.#libc.c.recvmsg(fd, this.#message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    if (got < 0 && !this.#libc.wouldWait) throw this.#libc.fault("receiving descriptors");
    // No message is empty: 0 is the other end's closing.
    if (got <= 0) return null;
    const fds = this.#received();
    const flags = v.getInt32(MESSAGE_FLAGS_AT, true);
    if ((flags & (MSG_CTRUNC | MSG_TRUNC)) !== 0) {
      for (const one of fds) this.#libc.c.close(one);
      throw localFault(
        "internal",
        500,
        "raise the limit of open files (ulimit -n): a message with descriptors was cut short, and its descriptors are closed",
      );
    }
    return { fds, tag: this.#bytes.slice(TAG_AT, TAG_AT + got) };
  }

  #received(): number[] {
    const v = this.#view;
    const filled = Number(v.getBigUint64(MESSAGE_CONTROL_SIZE_AT, true));
    const fds: number[] = [];
    for (let at = 0; at + CONTROL_HEAD <= filled; ) {
      const size = Number(v.getBigUint64(CONTROL_AT + at, true));
      if (size < CONTROL_HEAD) break;
      const isRights =
        v.getInt32(CONTROL_AT + at + 8, true) === SOL_SOCKET && v.getInt32(CONTROL_AT + at + 12, true) === SCM_RIGHTS;
      for (let i = CONTROL_HEAD; isRights && i + 4 <= size; i += 4) fds.push(v.getInt32(CONTROL_AT + at + i, true));
      at += (size + 7) & ~7;
    }
    return fds;
  }
}

/** Two connected unix sockets, close-on-exec and non-blocking. */
export function socketPair(libc: LinuxLibc, kind: number): [number, number] {
  const out = new Uint8Array(8);
  libc.must(libc.c.socketpair(AF_UNIX, kind, 0, out), "making a pair of sockets");
  const view = new DataView(out.buffer);
  return [view.getInt32(0, true), view.getInt32(4, true)];
}
