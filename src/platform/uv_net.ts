import type { DescriptorBudget } from "./descriptor_budget.ts";
import { hostTimer } from "./host_services.ts";
import type { LinuxLibc } from "./linux_libc.ts";
import { isReleasable, markReceived } from "./received_chunk.ts";
import type { Timer } from "./types.ts";
import type { UvBinding } from "./uv_binding.ts";
import type { UvConn } from "./uv_conn.ts";

/** Parts that together fit here leave in one write. What the kernel does not take at once keeps the array, and another takes its place. */
export const JOIN_BYTES = 16 * 1024;
/** Where a read finds no buffer the runtime allocates 64 KiB for it. */
const LANDING_BYTES = 128 * 1024;
/** A read of this many bytes is handed out as it landed: a chunk that is kept holds at most twice its size. */
export const WHOLE_BYTES = LANDING_BYTES / 2;
/** Landing buffers kept for the next read. */
const SPARE_BUFFERS = 16;
/** A connection that read nothing big for this long (ms) gives its landing buffer back. */
const OWN_IDLE_MS = 1_000;
/** Small chunks are cut from a slab of this size; a chunk that is kept holds no more than that. */
const SLAB = 8 * 1024;
/** What one read of ciphertext can give in plain bytes, with the rest of a record that came before (RFC 8446 section 5.2). */
const PLAIN_BYTES = LANDING_BYTES + 17 * 1024;

/** What the connections of one platform share. */
export class UvNet {
  readonly binding: UvBinding;
  readonly onFault: (e: unknown) => void;
  readonly budget: DescriptorBudget;
  /** Null: not Linux. */
  readonly libc: LinuxLibc | null;
  /** Reads of most connections land here, one at a time, and are copied out. */
  readonly landing = new Uint8Array(LANDING_BYTES);
  /** Where small parts are joined. */
  scratch = new Uint8Array(JOIN_BYTES);
  nextId = 1;
  #plain: Uint8Array | null = null;
  #slab = new Uint8Array(SLAB);
  #used = 0;
  readonly #spare: Uint8Array[] = [];
  readonly #owners = new Set<UvConn>();
  #sweep: Timer | null = null;
  #late: UvConn[] = [];
  readonly #run = (): void => this.#settle();

  constructor(binding: UvBinding, budget: DescriptorBudget, onFault: (e: unknown) => void, libc: LinuxLibc | null) {
    this.binding = binding;
    this.budget = budget;
    this.onFault = onFault;
    this.libc = libc;
  }

  /** Where TLS puts plain bytes, to be copied out as well. */
  get plain(): Uint8Array {
    this.#plain ??= new Uint8Array(PLAIN_BYTES);
    return this.#plain;
  }

  /** A buffer for reads to land in. */
  takeBuffer(): Uint8Array {
    return this.#spare.pop() ?? new Uint8Array(LANDING_BYTES);
  }

  giveBuffer(b: Uint8Array): void {
    if (this.#spare.length < SPARE_BUFFERS) this.#spare.push(b);
  }

  /** Takes back the memory of a part that was written. Its old views see none of it any more: moving the buffer empties them. */
  release(part: Uint8Array): void {
    if (!isReleasable(part)) return;
    const buffer = part.buffer as ArrayBuffer;
    if (buffer.byteLength === LANDING_BYTES && this.#spare.length < SPARE_BUFFERS)
      this.#spare.push(new Uint8Array(buffer.transfer()));
    else buffer.transfer(0);
  }

  /** The connection has a landing buffer of its own now, until it is idle. */
  owns(c: UvConn): void {
    this.#owners.add(c);
    if (this.#sweep === null) this.#sweep = hostTimer(OWN_IDLE_MS, () => this.#reclaim());
  }

  disowned(c: UvConn): void {
    this.#owners.delete(c);
  }

  #reclaim(): void {
    this.#sweep = null;
    for (const c of this.#owners) c.reclaim();
    if (this.#owners.size > 0) this.#sweep = hostTimer(OWN_IDLE_MS, () => this.#reclaim());
  }

  /** A copy of the first `n` bytes that landed in `from`. */
  chunk(from: Uint8Array, n: number): Uint8Array {
    if (n > SLAB >> 1) {
      const own = from.slice(0, n);
      markReceived(own);
      return own;
    }
    if (this.#used + n > SLAB) {
      this.#slab = new Uint8Array(SLAB);
      this.#used = 0;
    }
    const b = this.#slab.subarray(this.#used, this.#used + n);
    b.set(from.subarray(0, n));
    this.#used += n;
    return b;
  }

  /** Calls `settle` of the connection when the present call stack is gone. */
  later(c: UvConn): void {
    if (this.#late.push(c) === 1) queueMicrotask(this.#run);
  }

  #settle(): void {
    const due = this.#late;
    this.#late = [];
    for (let i = 0; i < due.length; i++) due[i]!.settle();
  }
}
