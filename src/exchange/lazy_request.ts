/** What a request is made of when it is asked for. */
export interface RequestSource {
  readonly method: string;
  /** As `Request` would have it. */
  readonly url: string;
  readonly signal: AbortSignal;
  makeHeaders(): Headers;
}

/**
 * A request without a body that stands for a `Request`, and makes one of the runtime's own only when something of it is asked for that is
 * not here: making one, its signal and its headers costs a handler's request more than all else does.
 *
 * It is an instance of `Request`, with all of its members. What the runtimes do themselves with a `Request` takes `real`.
 */
export class LazyRequest {
  readonly #source: RequestSource;
  #headers: Headers | null = null;
  #real: Request | null = null;

  constructor(source: RequestSource) {
    this.#source = source;
  }

  get method(): string {
    return this.#source.method;
  }

  get url(): string {
    return this.#source.url;
  }

  get headers(): Headers {
    if (this.#real !== null) return this.#real.headers;
    this.#headers ??= this.#source.makeHeaders();
    return this.#headers;
  }

  get signal(): AbortSignal {
    return this.#source.signal;
  }

  get body(): null {
    return null;
  }

  get bodyUsed(): boolean {
    return false;
  }

  /** The runtime's own; the same one each time. */
  static realOf(r: LazyRequest): Request {
    const { method, url, signal } = r.#source;
    r.#real ??= new Request(url, { method, headers: r.headers, signal });
    return r.#real;
  }
}

/** What stands for a request, as the runtime's own; anything else as it is. */
export function realRequest(x: unknown): unknown {
  return x instanceof LazyRequest ? LazyRequest.realOf(x) : x;
}

/** Both runtimes show an object by it. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** All else that a `Request` has on this runtime is the real one's. */
function inherit(own: object): void {
  for (const key of Reflect.ownKeys(Request.prototype)) {
    if (Object.hasOwn(own, key)) continue;
    const { get, value } = Object.getOwnPropertyDescriptor(Request.prototype, key)!;
    if (get !== undefined) Object.defineProperty(own, key, { configurable: true, get: getterOf(key) });
    else if (typeof value === "function") Object.defineProperty(own, key, { configurable: true, value: methodOf(key) });
  }
  Object.defineProperty(own, INSPECT, {
    configurable: true,
    value(this: LazyRequest): unknown {
      return LazyRequest.realOf(this);
    },
  });
  Object.setPrototypeOf(own, Request.prototype);
}

function getterOf(key: PropertyKey): (this: LazyRequest) => unknown {
  return function (this: LazyRequest) {
    return Reflect.get(LazyRequest.realOf(this), key);
  };
}

function methodOf(key: PropertyKey): (this: LazyRequest, ...args: unknown[]) => unknown {
  return function (this: LazyRequest, ...args: unknown[]) {
    const real = LazyRequest.realOf(this);
    return (Reflect.get(real, key) as (...a: unknown[]) => unknown).apply(real, args);
  };
}

inherit(LazyRequest.prototype);
