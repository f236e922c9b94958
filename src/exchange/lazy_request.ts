import type { ReadableBody } from "./readable_body.ts";

/** What a request is made of when it is asked for. */
export interface RequestSource {
  readonly method: string;
  /** As `Request` would have it. */
  readonly url: string;
  readonly signal: AbortSignal;
  /** null: it has none. */
  readonly body: ReadableBody | null;
  makeHeaders(): Headers;
}

/**
 * What stands for a `Request`, and makes one of the runtime's own only when something of it is asked for that is not here: making one, its
 * signal and its headers costs a handler's request more than all else does.
 *
 * It is an instance of `Request`, with all of its members. What the runtimes do themselves with a `Request` takes `realRequest`.
 */
export class LazyRequest {
  readonly #source: RequestSource;
  #headers: Headers | null = null;
  #real: Request | null = null;
  /** Its body was read whole, without a real request. */
  #read = false;

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

  get body(): ReadableStream<Uint8Array> | null {
    return this.#source.body === null ? null : LazyRequest.realOf(this).body;
  }

  get bodyUsed(): boolean {
    return this.#real?.bodyUsed ?? this.#read;
  }

  text(): Promise<string> {
    return this.#whole()?.then(utf8) ?? LazyRequest.realOf(this).text();
  }

  json(): Promise<unknown> {
    return this.#whole()?.then(jsonOf) ?? LazyRequest.realOf(this).json();
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#whole()?.then(bufferOf) ?? LazyRequest.realOf(this).arrayBuffer();
  }

  /** Both runtimes show an object by it. */
  [Symbol.for("nodejs.util.inspect.custom")](): Request {
    return LazyRequest.realOf(this);
  }

  /** null: a real one has the body, or there is none. */
  #whole(): Promise<Uint8Array> | null {
    const { body } = this.#source;
    if (body === null || this.#real !== null || this.#read) return null;
    this.#read = true;
    return body.readWhole();
  }

  /** The runtime's own; the same one each time. */
  static realOf(r: LazyRequest): Request {
    r.#real ??= r.#make();
    return r.#real;
  }

  #make(): Request {
    const { method, url, signal, body } = this.#source;
    const init: RequestInit & { duplex?: "half" } = { method, headers: this.headers, signal };
    if (body === null) return new Request(url, init);
    const real = new Request(url, { ...init, body: this.#read ? "" : body.openStream(), duplex: "half" } as RequestInit);
    // To be refused, as any second reading is.
    if (this.#read) void real.text();
    return real;
  }
}

const UTF_8 = new TextDecoder();

function utf8(b: Uint8Array): string {
  return UTF_8.decode(b);
}

function jsonOf(b: Uint8Array): unknown {
  return JSON.parse(UTF_8.decode(b));
}

/** A copy: other requests may lie in the same memory. */
function bufferOf(b: Uint8Array): ArrayBuffer {
  return b.slice().buffer as ArrayBuffer;
}

/** What stands for a request, as the runtime's own; anything else as it is. */
export function realRequest(x: unknown): unknown {
  return x instanceof LazyRequest ? LazyRequest.realOf(x) : x;
}

/** All else that a `Request` has on this runtime is the real one's. */
function inherit(own: object): void {
  for (const key of Reflect.ownKeys(Request.prototype)) {
    if (Object.hasOwn(own, key)) continue;
    const { get, value } = Object.getOwnPropertyDescriptor(Request.prototype, key)!;
    if (get !== undefined) Object.defineProperty(own, key, { configurable: true, get: getterOf(key) });
    else if (typeof value === "function") Object.defineProperty(own, key, { configurable: true, value: methodOf(key) });
  }
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
