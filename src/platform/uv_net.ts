import type { DescriptorBudget } from "./descriptor_budget.ts";
import { markReceived } from "./received_chunk.ts";
import type { UvBinding } from "./uv_binding.ts";
import type { UvConn } from "./uv_conn.ts";

/** Parts that together fit here leave in one write. What the kernel does not take at once keeps the array, and another takes its place. */
export const JOIN_BYTES = 16 * 1024;
/** Where a read finds no buffer the runtime allocates 64 KiB for it. This size saves a tenth of a big body's cost over 64 KiB. */
const LANDING_BYTES = 256 * 1024;
/** Small chunks are cut from a slab of this size; a chunk that is kept holds no more than that. */
const SLAB = 8 * 1024;
/** What one read of ciphertext can give in plain bytes, with the rest of a record that came before (RFC 8446 section 5.2). */
const PLAIN_BYTES = LANDING_BYTES + 17 * 1024;

/** What the connections of one platform share. */
export class UvNet {
  readonly binding: UvBinding;
  readonly onFault: (e: unknown) => void;
  readonly budget: DescriptorBudget;
  /** All reads land here, one at a time, and are copied out. */
  readonly landing = new Uint8Array(LANDING_BYTES);
  /** Where small parts are joined. */
  scratch = new Uint8Array(JOIN_BYTES);
  nextId = 1;
  #plain: Uint8Array | null = null;
  #slab = new Uint8Array(SLAB);
  #used = 0;
  #late: UvConn[] = [];
  readonly #run = (): void => this.#settle();

  constructor(binding: UvBinding, budget: DescriptorBudget, onFault: (e: unknown) => void) {
    this.binding = binding;
    this.budget = budget;
    this.onFault = onFault;
  }

  /** Where TLS puts plain bytes, to be copied out as well. */
  get plain(): Uint8Array {
    this.#plain ??= new Uint8Array(PLAIN_BYTES);
    return this.#plain;
  }

  /** A copy of the first `n` landed bytes. */
  chunk(n: number): Uint8Array {
    return this.#copy(this.landing, n);
  }

  /** A copy of the first `n` plain bytes. */
  plainChunk(n: number): Uint8Array {
    return this.#copy(this.plain, n);
  }

  #copy(from: Uint8Array, n: number): Uint8Array {
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
