import { localFault } from "../base/error.ts";
import type { Fields } from "../http/fields.ts";
import type { ResponseHead } from "../http/head.ts";
import { bodyForbidden } from "../http/status.ts";
import { settleTrailers } from "../http/trailer_rules.ts";
import { LengthCheck, setLength, settleLength, WRONG_LENGTH } from "./body_length.ts";
import type { FilterHost, FilterRun } from "./filter_run.ts";
import type { Answered, Phases } from "./filter_stage.ts";
import type { Direction } from "./message_pipe.ts";
import type { Reply } from "./types.ts";

const PHASES: Phases<ResponseHead> = {
  seesData: (filter) => filter.onResponseData !== undefined,
  head: (filter, x, h, end) => filter.onResponse?.(x, h, end),
  data: (filter, x, b, end, out) => filter.onResponseData!(x, b, end, out),
  trailers: (filter, x, f, out) => filter.onResponseTrailers?.(x, f, out),
};

const LATE = localFault("internal", 0, "a filter answered when a reply had begun");

/** Where a reply goes that is through its filters. */
export class ReplyEnd implements Direction<ResponseHead> {
  readonly phases = PHASES;
  readonly #run: FilterRun;
  readonly #host: FilterHost;
  /** As it came. */
  readonly #status: number;
  readonly #before: number;
  readonly #check = new LengthCheck();

  constructor(run: FilterRun, host: FilterHost, { status, contentLength }: ResponseHead) {
    this.#run = run;
    this.#host = host;
    this.#status = status;
    this.#before = contentLength;
  }

  head(h: ResponseHead, end: boolean): void {
    const { status } = h;
    const host = this.#host;
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      this.#run.threw(new Error(`give a final reply a status of 200 to 599, found ${status}`));
      return;
    }
    if (this.#run.refuses(h.fields)) return;
    if (status !== this.#status) h.reason = "";
    const bodyless = bodyForbidden(status, host.method);
    if (status === 204) h.fields.remove("content-length");
    else if (!bodyless && end && h.contentLength > 0) setLength(h, 0);
    else settleLength(h, this.#before);
    this.#check.start(bodyless ? -1 : end ? 0 : h.contentLength);
    if (bodyless && !end) {
      this.#run.closeReply();
      host.dropReply(null);
    }
    host.passReply(h, end || bodyless);
  }

  data(b: Uint8Array, end: boolean): boolean {
    if (this.#check.takes(b.length, end)) return this.#host.passReplyData(b, end);
    this.#run.threw(new Error(WRONG_LENGTH));
    return true;
  }

  trailers(f: Fields): void {
    if (this.#run.refuses(f)) return;
    settleTrailers(f);
    if (this.#check.takes(0, true)) this.#host.passReplyTrailers(f);
    else this.#run.threw(new Error(WRONG_LENGTH));
  }

  opened(): void {
    this.#host.replyOpened();
  }

  hold({ status }: ResponseHead): boolean {
    return !bodyForbidden(status, this.#host.method);
  }

  answer(r: Reply, headGone: boolean): Answered<ResponseHead> | null {
    if (headGone) {
      this.#run.fail(LATE);
      return null;
    }
    this.#host.dropReply(r);
    return r;
  }
}
