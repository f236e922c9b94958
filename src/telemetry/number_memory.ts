import type { SlotRange } from "./metric_family.ts";
import { HEADER_SLOTS, LAYOUT_VERSION } from "./row_records.ts";

// Small enough that one long-lived row among forgotten ones pins little: a chunk is freed with its last handle. Large enough that what
// finds the numbers of thousands of routes (a chunk has an object of its own) stays in the processor's cache.
const CHUNK_SLOTS = 4096;

export interface SharedNumbers {
  /** Zeroed memory, which others may map. 1 MiB holds about 5,900 routes. The runtimes' collectors take all of it for memory in use. */
  readonly buffer: ArrayBuffer;
  /** Called once, when there is no room: further rows are on the heap, right for this process and unseen by others. */
  readonly onFull?: () => void;
  /** Calls `free` some time after `handle` can no longer be reached. By default the garbage collector tells. */
  readonly whenCollected?: (handle: object, free: () => void) => void;
}

/**
 * Where rows lie: chunks of the heap, or one buffer that others map. Slots of the buffer are used again when their row is forgotten and
 * nobody holds its handle any more: a request that began before a reload may still count.
 */
export class NumberMemory {
  /** Null: the heap. */
  readonly buffer: ArrayBuffer | null;
  readonly #shared: SharedNumbers | null;
  readonly #whole: Float64Array;
  #used = HEADER_SLOTS;
  /** By number of slots. */
  readonly #free: Map<number, SlotRange[]> = new Map();
  readonly #whenCollected: (handle: object, free: () => void) => void;
  #chunk = new Float64Array(0);
  #chunkUsed = 0;
  #outside = 0;

  constructor(shared: SharedNumbers | null = null) {
    this.#shared = shared;
    this.buffer = shared?.buffer ?? null;
    this.#whole = shared === null ? new Float64Array(0) : new Float64Array(shared.buffer);
    if (shared !== null) this.#whole[0] = LAYOUT_VERSION;
    this.#whenCollected = shared?.whenCollected ?? whenCollected;
  }

  /** Rows that found no room in the buffer. */
  get outside(): number {
    return this.#outside;
  }

  /** Zeroed slots, up to 4,096. */
  take(slots: number): SlotRange {
    const again = this.#free.get(slots)?.pop();
    if (again !== undefined) {
      again.values.fill(0, again.at, again.at + slots);
      return again;
    }
    if (this.#shared === null) return this.#takeOfHeap(slots);
    const at = this.#used;
    if (at + slots > this.#whole.length) {
      this.#outside++;
      if (this.#outside === 1) this.#shared.onFull?.();
      return this.#takeOfHeap(slots);
    }
    this.#used += slots;
    return { values: this.#whole, at };
  }

  /** The row is forgotten. `handle` is the only one that writes its slots. */
  release(range: SlotRange, slots: number, handle: object): void {
    if (range.values !== this.#whole) return;
    this.#whenCollected(handle, () => {
      const list = this.#free.get(slots);
      if (list === undefined) this.#free.set(slots, [range]);
      else list.push(range);
    });
  }

  #takeOfHeap(slots: number): SlotRange {
    if (this.#chunkUsed + slots > this.#chunk.length) {
      this.#chunk = new Float64Array(CHUNK_SLOTS);
      this.#chunkUsed = 0;
    }
    const at = this.#chunkUsed;
    this.#chunkUsed += slots;
    return { values: this.#chunk, at };
  }
}

const collected = new FinalizationRegistry<() => void>((free) => free());

function whenCollected(handle: object, free: () => void): void {
  collected.register(handle, free);
}
