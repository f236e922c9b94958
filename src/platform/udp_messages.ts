import type { LinuxLibc } from "./linux_libc.ts";

/** Datagrams of one system call: at 32 the call's own cost is a tenth of what it moves, and more would keep others waiting. */
export const BATCH = 32;
/** The longest datagram of UDP, and more: nothing is ever cut. */
export const SLOT_BYTES = 65536;
export const NAME_BYTES = 28;
/** Room for one ancillary message with a destination address: 40 bytes of IPv6's. */
const CONTROL_BYTES = 64;
const MAP_PRIVATE_ANONYMOUS = 0x22;

// struct mmsghdr, struct iovec, addresses, ancillary data and bytes of 64-bit Linux, each kind in a row (glibc's and musl's have the same bytes there).
const HEAD_BYTES = 64;
const IOVEC_BYTES = 16;
const NAME_STEP = 32;
const IOVECS_AT = BATCH * HEAD_BYTES;
const NAMES_AT = IOVECS_AT + BATCH * IOVEC_BYTES;
const CONTROLS_AT = NAMES_AT + BATCH * NAME_STEP;
const SLOTS_AT = Math.ceil((CONTROLS_AT + BATCH * CONTROL_BYTES) / 4096) * 4096;
/** Some bytes that no datagram uses. */
export const SCRATCH_AT = SLOTS_AT + BATCH * SLOT_BYTES;
const REGION_BYTES = SCRATCH_AT + 4096;
// Within a head, in 32-bit words. Upper halves stay zero.
const NAME_SIZE = 2;
const CONTROL_SIZE = 10;
const FLAGS = 12;
const LENGTH = 14;

/**
 * Memory for one call of recvmmsg or sendmmsg: 2 MiB of addresses, of which pages exist where a datagram ever was. It is never
 * given back: a process has two.
 */
export class UdpMessages {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly view: DataView;
  readonly #libc: LinuxLibc;
  readonly #at: number;

  constructor(libc: LinuxLibc) {
    const { address, buffer } = libc.map(REGION_BYTES, MAP_PRIVATE_ANONYMOUS, -1);
    this.#libc = libc;
    // Addresses of this system's processes have 47 bits.
    this.#at = Number(address);
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer, 0, SLOTS_AT / 4);
    this.view = new DataView(buffer);
    const put = (at: number, to: number): void => this.view.setBigUint64(at, address + BigInt(to), true);
    for (let i = 0; i < BATCH; i++) {
      const head = i * HEAD_BYTES;
      const iovec = IOVECS_AT + i * IOVEC_BYTES;
      put(head, this.nameAt(i));
      put(head + 16, iovec);
      this.view.setBigUint64(head + 24, 1n, true);
      put(head + 32, this.controlAt(i));
      put(iovec, this.slotAt(i));
      this.prepare(i, SLOT_BYTES, NAME_BYTES, CONTROL_BYTES);
    }
  }

  nameAt(i: number): number {
    return NAMES_AT + i * NAME_STEP;
  }
  controlAt(i: number): number {
    return CONTROLS_AT + i * CONTROL_BYTES;
  }
  slotAt(i: number): number {
    return SLOTS_AT + i * SLOT_BYTES;
  }
  /** Of a datagram that was received. */
  lengthOf(i: number): number {
    return this.words[i * (HEAD_BYTES / 4) + LENGTH]!;
  }
  controlSizeOf(i: number): number {
    return this.words[i * (HEAD_BYTES / 4) + CONTROL_SIZE]!;
  }

  prepare(i: number, length: number, nameBytes: number, controlBytes: number): void {
    const head = i * (HEAD_BYTES / 4);
    this.words[(IOVECS_AT + i * IOVEC_BYTES) / 4 + 2] = length;
    this.words[head + NAME_SIZE] = nameBytes;
    this.words[head + CONTROL_SIZE] = controlBytes;
    this.words[head + FLAGS] = 0;
  }

  /** Where something lies in this memory, for a call. */
  addressOf(at: number): number {
    return this.#at + at;
  }

  /** How many came, or -1 with the reason in errno. The heads are ready for the next call when `rearm` was called. */
  receive(fd: number, count: number): number {
    return this.#libc.c.recvmmsg(fd, this.#at, count, MSG_DONTWAIT, 0);
  }

  /** Makes the heads of what was received ready again. */
  rearm(count: number): void {
    for (let i = 0; i < count; i++) this.prepare(i, SLOT_BYTES, NAME_BYTES, CONTROL_BYTES);
  }

  /** How many from `first` on were taken, or -1 with the reason in errno. */
  send(fd: number, first: number, count: number): number {
    return this.#libc.c.sendmmsg(fd, this.#at + first * HEAD_BYTES, count, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
}

export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
