import type { Fields } from "../http/fields.ts";
import type { RequestHead } from "../http/head.ts";
import { settleTrailers } from "../http/trailer_rules.ts";
import { LengthCheck, setLength, settleLength, WRONG_LENGTH } from "./body_length.ts";
import type { FilterHost, FilterRun } from "./filter_run.ts";
import type { Phases } from "./filter_stage.ts";
import type { Direction } from "./message_pipe.ts";
import type { Reply } from "./types.ts";

const PHASES: Phases<RequestHead> = {
  seesData: (filter) => filter.onRequestData !== undefined,
  head: (filter, x, _h, end) => filter.onRequest?.(x, end),
  data: (filter, x, b, end, out) => filter.onRequestData!(x, b, end, out),
  trailers: (filter, x, f, out) => filter.onRequestTrailers?.(x, f, out),
};

/** Where a request goes that is through its filters. */
export class RequestEnd implements Direction<RequestHead> {
  readonly phases = PHASES;
  readonly #run: FilterRun;
  readonly #host: FilterHost;
  readonly #before: number;
  readonly #check = new LengthCheck();

  constructor(run: FilterRun, host: FilterHost) {
    this.#run = run;
    this.#host = host;
    this.#before = host.request.contentLength;
  }

  head(h: RequestHead, end: boolean): void {
    if (this.#run.refuses(h.fields)) return;
    this.#run.requestEnded = end;
    if (end && this.#before !== 0 && h.contentLength !== 0) setLength(h, 0);
    else {
      if (end) h.contentLength = 0;
      settleLength(h, this.#before);
    }
    this.#check.start(end ? 0 : h.contentLength);
    this.#host.passRequest();
  }

  data(b: Uint8Array, end: boolean): boolean {
    if (!this.#check.takes(b.length, end)) {
      this.#run.threw(new Error(WRONG_LENGTH));
      return true;
    }
    if (end) this.#run.requestEnded = true;
    return this.#host.passRequestData(b, end);
  }

  trailers(f: Fields): void {
    if (this.#run.refuses(f)) return;
    this.#run.requestEnded = true;
    settleTrailers(f);
    if (this.#check.takes(0, true)) this.#host.passRequestTrailers(f);
    else this.#run.threw(new Error(WRONG_LENGTH));
  }

  opened(): void {
    this.#host.requestOpened();
  }

  hold(): boolean {
    return this.#host.awaitBody();
  }

  answer(r: Reply): null {
    this.#run.closeRequest();
    this.#host.shortCut(r);
    return null;
  }
}
