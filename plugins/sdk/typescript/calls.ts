import { CallError, ERROR } from "./call_error.ts";
import type { Exchanges } from "./exchanges.ts";
import type { BodyCall, Call, ChooseCall, RequestCall, ResponseCall } from "./plugin.ts";
import type {
  Attributes,
  BodyParams,
  ChooseUpstreamParams,
  Field,
  Request,
  RequestHeadParams,
  Response,
  ResponseHeadParams,
  UpstreamHost,
} from "./protocol.ts";
import { bytesIn } from "./writer.ts";

const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** One call. What it does not ask for is not made. */
export class AnyCall<Config> implements Call<Config> {
  readonly x: number;
  readonly config: Config;
  readonly deadlineMs: number;
  readonly #exchanges: Exchanges;
  #state: Map<string, unknown> | null = null;
  #abort: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #over: Error | null = null;

  /** `deadlineMs`: 0: none. */
  constructor(x: number, config: Config, deadlineMs: number, exchanges: Exchanges) {
    this.x = x;
    this.config = config;
    this.deadlineMs = deadlineMs;
    this.#exchanges = exchanges;
  }

  get state(): Map<string, unknown> {
    // One that is over is not told again, and so would be kept for ever.
    this.#state ??= this.#over === null ? this.#exchanges.state(this.x) : new Map();
    return this.#state;
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#over !== null) this.#abort.abort(this.#over);
      else if (this.deadlineMs > 0) {
        const late = (): void => this.over(new DOMException("the host waits no longer", "TimeoutError"));
        this.#timer = setTimeout(late, this.deadlineMs);
      }
    }
    return this.#abort.signal;
  }

  /** Nobody waits any more; without a reason: it was answered. */
  over(why: Error | null = null): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (why === null) return;
    this.#over ??= why;
    this.#abort?.abort(why);
  }
}

class AnyHeadCall<Config> extends AnyCall<Config> {
  readonly attributes: Attributes;
  readonly end: boolean;
  readonly #fields: readonly Field[];

  constructor(p: RequestHeadParams | ResponseHeadParams, config: Config, exchanges: Exchanges, fields: readonly Field[]) {
    super(p.x, config, p.deadlineMs, exchanges);
    this.attributes = p.attributes ?? NO_ATTRIBUTES;
    this.end = p.end === true;
    this.#fields = fields;
  }

  field(name: string): string | undefined {
    for (const f of this.#fields) if (f[0] === name) return f[1];
    return undefined;
  }

  fieldAll(name: string): string[] {
    return this.#fields.filter((f) => f[0] === name).map((f) => f[1]);
  }
}

export class RequestHeadCall<Config> extends AnyHeadCall<Config> implements RequestCall<Config> {
  readonly request: Request;

  constructor(p: RequestHeadParams, config: Config, exchanges: Exchanges) {
    if (typeof p.request !== "object") throw new CallError("pass request", ERROR.params);
    super(p, config, exchanges, p.request.fields ?? []);
    this.request = p.request;
  }
}

export class ResponseHeadCall<Config> extends AnyHeadCall<Config> implements ResponseCall<Config> {
  readonly response: Response;

  constructor(p: ResponseHeadParams, config: Config, exchanges: Exchanges) {
    if (typeof p.response !== "object") throw new CallError("pass response", ERROR.params);
    super(p, config, exchanges, p.response.fields ?? []);
    this.response = p.response;
  }
}

export class WholeBodyCall<Config> extends AnyCall<Config> implements BodyCall<Config> {
  readonly bytes: Uint8Array;
  readonly trailers: readonly Field[];

  constructor(p: BodyParams, frame: Uint8Array | null, config: Config, exchanges: Exchanges) {
    super(p.x, config, p.deadlineMs, exchanges);
    this.bytes = bytesIn(p, frame);
    this.trailers = p.trailers ?? [];
  }

  text(): string {
    return new TextDecoder().decode(this.bytes);
  }
}

export class ChooseHostCall<Config> extends AnyCall<Config> implements ChooseCall<Config> {
  readonly cluster: string;
  readonly hosts: readonly UpstreamHost[];
  readonly attempt: number;
  readonly attributes: Attributes;

  constructor(p: ChooseUpstreamParams, config: Config, exchanges: Exchanges) {
    if (!Array.isArray(p.hosts)) throw new CallError("pass hosts", ERROR.params);
    super(p.x, config, p.deadlineMs, exchanges);
    this.cluster = p.cluster;
    this.hosts = p.hosts;
    this.attempt = p.attempt ?? 1;
    this.attributes = p.attributes ?? NO_ATTRIBUTES;
  }
}
