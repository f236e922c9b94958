import { concatBytes } from "../base/bytes.ts";

/** Nothing is asked for before the handler reads. */
const ON_DEMAND = { highWaterMark: 0 };

/**
 * The body of a request for a handler, which reads it as a stream or whole, once. What comes before it is asked for waits here, and the
 * client is held back meanwhile.
 *
 *   waiting ──openStream──▶ streaming ──end, cancel──▶ over
 *      └────readWhole────▶ gathering ──end──▶ over
 */
export class ReadableBody {
  /** The handler asks for more. */
  readonly #wanted: () => void;
  #state: "waiting" | "streaming" | "gathering" | "over" = "waiting";
  /** While it waits or is gathered. */
  #pieces: Uint8Array[] = [];
  #ended = false;
  /** Why no more of it comes; null: more may. */
  #failure: unknown = null;
  #stream: ReadableStreamDefaultController<Uint8Array> | null = null;
  #resolve: (whole: Uint8Array) => void = () => {};
  #reject: (e: unknown) => void = () => {};

  constructor(wanted: () => void) {
    this.#wanted = wanted;
  }

  /** false: hold the next ones back until more is wanted. */
  take(b: Uint8Array, end: boolean): boolean {
    if (this.#state === "over") return true;
    if (this.#stream !== null) {
      if (b.length > 0) this.#stream.enqueue(b);
    } else if (b.length > 0) this.#pieces.push(b);
    if (end) this.end();
    return this.#state === "gathering" || (this.#stream?.desiredSize ?? 0) > 0;
  }

  end(): void {
    this.#ended = true;
    if (this.#state === "waiting" || this.#state === "over") return;
    const stream = this.#stream;
    this.#leave();
    if (stream !== null) stream.close();
    else this.#resolve(this.#takePieces());
  }

  /** Whoever reads it hears of it, now or later. */
  fail(e: unknown): void {
    if (this.#state === "over" || (this.#state === "waiting" && this.#ended)) return;
    this.#failure = e;
    if (this.#state === "waiting") return;
    const stream = this.#stream;
    this.#leave();
    if (stream !== null) stream.error(e);
    else this.#reject(e);
  }

  /** Once, instead of `readWhole`. */
  openStream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (c) => this.#begin(c),
        pull: () => this.#wanted(),
        cancel: () => this.#leave(),
      },
      ON_DEMAND,
    );
  }

  /** Once, instead of `openStream`. The bytes may lie beside others in memory. Rejects with what it failed of. */
  readWhole(): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) reject(this.#failure);
      else if (this.#ended) resolve(this.#takePieces());
      else {
        this.#resolve = resolve;
        this.#reject = reject;
        this.#state = "gathering";
        this.#wanted();
        return;
      }
      this.#leave();
    });
  }

  #begin(c: ReadableStreamDefaultController<Uint8Array>): void {
    for (const b of this.#pieces) c.enqueue(b);
    this.#pieces = [];
    if (this.#failure !== null) c.error(this.#failure);
    else if (this.#ended) c.close();
    else {
      this.#stream = c;
      this.#state = "streaming";
      return;
    }
    this.#leave();
  }

  #leave(): void {
    this.#state = "over";
    this.#stream = null;
  }

  #takePieces(): Uint8Array {
    const pieces = this.#pieces;
    this.#pieces = [];
    return concatBytes(pieces);
  }
}
