import { BodyStream, type Direction } from "./body_stream.ts";
import { AnyCall } from "./calls.ts";
import type { Exchanges } from "./exchanges.ts";
import type { HostLink } from "./host.ts";
import type { StreamHandler } from "./plugin.ts";
import type { DataParams } from "./protocol.ts";
import { bytesIn, type Writer } from "./writer.ts";

/** The bodies of one direction that are on their way. */
export class Streams<Config> {
  /** Bytes of a body that may go out before the host acknowledges some. */
  window = 262_144;
  readonly #handler: StreamHandler<Config>;
  readonly #direction: Direction;
  readonly #host: HostLink;
  readonly #writer: Writer;
  readonly #exchanges: Exchanges;
  readonly #open = new Map<number, BodyStream<Config>>();

  constructor(handler: StreamHandler<Config>, direction: Direction, host: HostLink, writer: Writer, exchanges: Exchanges) {
    this.#handler = handler;
    this.#direction = direction;
    this.#host = host;
    this.#writer = writer;
    this.#exchanges = exchanges;
  }

  data(p: DataParams, frame: Uint8Array | null, config: Config): void {
    const found = this.#open.get(p.x);
    const stream = found ?? this.#begin(p.x, config);
    stream.receive(bytesIn(p, frame), p.end === true, p.trailers);
    if (found === undefined) void stream.run(this.#handler).then(() => this.#forget(stream));
    else this.#forget(stream);
  }

  credit(x: number, bytes: number): void {
    this.#open.get(x)?.credit(bytes);
  }

  /** The exchange is over. */
  done(x: number): void {
    this.#open.get(x)?.close();
    this.#open.delete(x);
  }

  #begin(x: number, config: Config): BodyStream<Config> {
    const call = new AnyCall(x, config, 0, this.#exchanges);
    const stream = new BodyStream(call, this.#direction, this.#host, this.#writer, this.window);
    this.#open.set(x, stream);
    return stream;
  }

  #forget(stream: BodyStream<Config>): void {
    if (stream.isOver && this.#open.get(stream.call.x) === stream) this.#open.delete(stream.call.x);
  }
}
