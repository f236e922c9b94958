import { messageOf } from "./call_error.ts";
import type { AnyCall } from "./calls.ts";
import type { HostLink } from "./host.ts";
import type { BodyReader, StreamHandler, StreamOut } from "./plugin.ts";
import type { Field } from "./protocol.ts";
import { bytesOf, type Writer } from "./writer.ts";

/** Names of the notifications of one direction. */
export interface Direction {
  readonly out: "requestOut" | "responseOut";
  readonly taken: "requestTaken" | "responseTaken";
}

class Gone extends Error {}

/**
 * One body on its way through a handler. What the host may send is bounded by what was acknowledged, what goes out by the host's credit.
 * `open`: the handler runs; `dropping`: it has ended before the body; `closed`: nothing more is said.
 */
export class BodyStream<Config> implements BodyReader {
  readonly trailers: Field[] = [];
  readonly call: AnyCall<Config>;
  readonly #direction: Direction;
  readonly #host: HostLink;
  readonly #writer: Writer;
  #state: "open" | "dropping" | "closed" = "open";
  readonly #queue: Uint8Array[] = [];
  #hasEnd = false;
  #inHand = 0;
  #credit: number;
  #wake: (() => void) | null = null;
  #wakeReader: (() => void) | null = null;

  /** `window`: bytes that may go out before the host acknowledges some. */
  constructor(call: AnyCall<Config>, direction: Direction, host: HostLink, writer: Writer, window: number) {
    this.call = call;
    this.#direction = direction;
    this.#host = host;
    this.#writer = writer;
    this.#credit = window;
  }

  /** Both sides have said their last. */
  get isOver(): boolean {
    return this.#state !== "open" && this.#hasEnd;
  }

  receive(bytes: Uint8Array, end: boolean, trailers: Field[] | undefined): void {
    if (trailers !== undefined) this.trailers.push(...trailers);
    this.#hasEnd ||= end;
    if (this.#state === "dropping") this.#acknowledge(bytes.length);
    if (this.#state !== "open") return;
    if (bytes.length > 0) this.#queue.push(bytes);
    this.#wakeReader?.();
  }

  credit(bytes: number): void {
    this.#credit += bytes;
    this.#wake?.();
  }

  /** The exchange is gone. */
  close(): void {
    this.#state = "closed";
    this.call.over(new DOMException("the exchange is over", "AbortError"));
    this.#wake?.();
    this.#wakeReader?.();
  }

  taken(): void {
    this.#acknowledge(this.#inHand);
    this.#inHand = 0;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => this.#next(),
      // A generator that ends early may still say that all goes on unchanged: so nothing is acknowledged here.
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  /** Runs the handler. Never rejects. */
  async run(handler: StreamHandler<Config>): Promise<void> {
    let made: ReturnType<typeof handler> | null = null;
    try {
      made = handler(this, this.call, this.#host);
      for (;;) {
        const step = await made.next();
        if (step.done === true) return this.#finish(step.value ?? {});
        await this.#put(bytesOf(step.value));
      }
    } catch (e) {
      await made?.return(undefined).catch(() => undefined);
      this.#fail(messageOf(e));
    }
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    this.taken();
    while (this.#queue.length === 0) {
      if (this.#state === "closed") throw new Gone("the exchange is over");
      if (this.#hasEnd) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    const value = this.#queue.shift()!;
    this.#inHand = value.length;
    return { done: false, value };
  }

  async #put(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      while (this.#credit === 0 && this.#state === "open")
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      if (this.#state !== "open") throw new Gone("the exchange is over");
      const piece = bytes.subarray(at, at + Math.min(this.#credit, this.#writer.pieceBytes));
      this.#credit -= piece.length;
      at += piece.length;
      this.#host.notify(this.#direction.out, { x: this.call.x }, piece);
    }
    if (this.#state === "closed") throw new Gone("the exchange is over");
  }

  #finish(out: StreamOut): void {
    if (this.#state !== "open") return;
    const { x } = this.call;
    if (out.pass === true) {
      this.#state = "closed";
      this.#host.notify(this.#direction.out, { x, pass: true });
    } else {
      this.#state = "dropping";
      this.#host.notify(
        this.#direction.out,
        out.trailers === undefined ? { x, end: true } : { x, end: true, trailers: out.trailers },
      );
      this.#acknowledge(this.#inHand + this.#queue.reduce((sum, b) => sum + b.length, 0));
    }
    this.#queue.length = 0;
  }

  #fail(why: string): void {
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#queue.length = 0;
    this.#host.notify(this.#direction.out, { x: this.call.x, error: why });
  }

  #acknowledge(bytes: number): void {
    if (bytes > 0 && this.#state !== "closed") this.#host.notify(this.#direction.taken, { x: this.call.x, bytes });
  }
}
