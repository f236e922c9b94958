import type { Conn, ConnHandler } from "../../../../src/platform/types.ts";

/** One end of a stream in memory: what is written is there on a later turn, unless the other end has paused. */
export class StreamEnd {
  peer: StreamEnd | null = null;
  handler: ConnHandler | null = null;
  readonly conn: Conn;
  readonly #held: Uint8Array[] = [];
  #paused = false;
  #finished = false;
  #ended = false;
  #closed = false;

  constructor() {
    const end = this;
    this.conn = {
      write: (parts: readonly Uint8Array[]) => {
        for (const p of parts) end.peer?.receive(p.slice());
        return true;
      },
      pause: () => {
        end.#paused = true;
      },
      resume: () => {
        end.#paused = false;
        end.#deliver();
      },
      end: () => {
        if (!end.#ended) end.peer?.finish();
        end.#ended = true;
      },
      destroy: () => end.cut(),
      get queued() {
        return end.peer?.heldBytes ?? 0;
      },
    } as unknown as Conn;
  }

  get heldBytes(): number {
    return this.#held.reduce((n, b) => n + b.length, 0);
  }

  receive(b: Uint8Array): void {
    this.#held.push(b);
    queueMicrotask(() => this.#deliver());
  }

  finish(): void {
    this.#finished = true;
    queueMicrotask(() => this.#deliver());
  }

  /** Both ends are gone at once, as when a process is killed. */
  cut(): void {
    for (const e of [this, this.peer]) {
      if (e === null || e.#closed) continue;
      e.#closed = true;
      queueMicrotask(() => e.handler?.onClose(null));
    }
  }

  #deliver(): void {
    while (!this.#paused && !this.#closed && this.#held.length > 0) this.handler?.onData(this.#held.shift()!);
    if (this.#finished && !this.#paused && !this.#closed && this.#held.length === 0) {
      this.#finished = false;
      this.handler?.onEnd();
    }
  }
}

/** Streams by number, as descriptors are passed. */
export class FakeStreams {
  readonly #there = new Map<number, StreamEnd>();
  #next = 100;

  open(open: (c: Conn) => ConnHandler): number {
    const [here, there] = [new StreamEnd(), new StreamEnd()];
    here.peer = there;
    there.peer = here;
    here.handler = open(here.conn);
    this.#there.set(this.#next, there);
    return this.#next++;
  }

  adopt(fd: number, open: (c: Conn) => ConnHandler): StreamEnd {
    const end = this.#there.get(fd)!;
    end.handler = open(end.conn);
    return end;
  }
}
