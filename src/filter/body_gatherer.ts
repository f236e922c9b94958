import { localFault, type ProxyError } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import type { Answer, BodyOut, FilterExchange, Maybe, Verdict } from "./types.ts";
import { WholeBody } from "./whole_body.ts";

/** What a request's body that is too long is answered with. */
export const REQUEST_TOO_LONG: ProxyError = localFault("bodyTooLarge", 413, "the body is longer than a filter takes");

export interface GathererOptions {
  /** Bytes that are gathered. */
  readonly limit: number;
  /**
   * The whole body is there. It goes on as it is when nothing else was made of it by `out`, or by a verdict; `out.replace` puts another in
   * its place.
   */
  whole(x: FilterExchange, body: Uint8Array, trailers: Fields | null, out: BodyOut): Answer;
  /** It is longer. Without a verdict it goes on unchanged, as it comes. Absent: `REQUEST_TOO_LONG`. */
  tooLong?(x: FilterExchange, out: BodyOut): Answer;
}

/**
 * The body's phases of a filter that holds a head and wants the whole body at once: its `onRequestData` calls `data`, its
 * `onRequestTrailers` `trailers`; or those of the reply.
 */
export class BodyGatherer {
  readonly #options: GathererOptions;
  readonly #body: WholeBody;
  #passes = false;

  constructor(options: GathererOptions) {
    this.#options = options;
    this.#body = new WholeBody(options.limit);
  }

  data(x: FilterExchange, b: Uint8Array, end: boolean, out: BodyOut): Answer {
    if (this.#passes) {
      out.write(b);
      return null;
    }
    if (!this.#body.add(b)) return this.#tooLong(x, b, out);
    return end ? this.#whole(x, null, out) : null;
  }

  trailers(x: FilterExchange, f: Fields, out: BodyOut): Answer {
    return this.#passes ? null : this.#whole(x, f, out);
  }

  #whole(x: FilterExchange, trailers: Fields | null, out: BodyOut): Answer {
    const body = this.#body.take();
    const pass = (v: Verdict): Verdict => {
      if ((v !== null && v !== undefined) || !out.held) return v;
      out.release();
      out.write(body);
      return null;
    };
    return then(this.#options.whole(x, body, trailers, out), pass);
  }

  #tooLong(x: FilterExchange, b: Uint8Array, out: BodyOut): Answer {
    const pass = (v: Verdict): Verdict => {
      if (v !== null && v !== undefined) return v;
      this.#passes = true;
      // The head goes as it is: the body is as long as it says.
      out.release();
      out.write(this.#body.take());
      out.write(b);
      return v;
    };
    const { tooLong } = this.#options;
    if (tooLong === undefined) return REQUEST_TOO_LONG;
    return then(tooLong.call(this.#options, x, out), pass);
  }
}

function then(a: Answer, f: (v: Verdict) => Verdict): Maybe<Verdict> {
  return a instanceof Promise ? (a as Promise<Verdict>).then(f) : f(a as Verdict);
}
