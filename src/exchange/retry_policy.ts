import type { ErrorCode, ProxyError } from "../base/error.ts";
import type { RetryReason, RetrySpec } from "../config/traffic_model.ts";
import { grpcStatusIn } from "../http/grpc/status.ts";
import type { ResponseHead } from "../http/head.ts";
import { isIdempotent } from "../http/methods.ts";

/** Before a byte of the request was sent. */
const CONNECT: ReadonlySet<ErrorCode> = new Set(["connectRefused", "connectTimeout", "connectFailed", "tlsHandshake"]);
/** The stream ended without a reply that could be read. */
const RESET: ReadonlySet<ErrorCode> = new Set(["upstreamReset", "upstreamClosed", "upstreamProtocol", "flood", "writeTimeout"]);

/**
 * Why an end of an attempt is a reason to try again. `unsent`: no server had it. `untouched`: nothing can have been done. `asked`: something may have been, and the
 * config names the very answer of a call. `touched`: something may have been.
 */
export type Reason = "none" | "unsent" | "untouched" | "asked" | "touched";

/** A route's `RetrySpec`, compiled. */
export class RetryPolicy {
  readonly spec: RetrySpec;
  /** null: the idempotent ones. */
  readonly #methods: ReadonlySet<string> | null;
  readonly #kinds: ReadonlySet<RetryReason["kind"]>;
  readonly #statuses: readonly (readonly [from: number, to: number])[];
  readonly #grpc: ReadonlySet<number>;
  readonly #headers: readonly string[];

  constructor(spec: RetrySpec) {
    this.spec = spec;
    this.#methods = spec.methods.length === 0 ? null : new Set(spec.methods);
    this.#kinds = new Set(spec.on.map((r) => r.kind));
    this.#statuses = spec.on.flatMap((r) => (r.kind === "status" ? [[r.from, r.to] as const] : []));
    this.#grpc = new Set(spec.on.flatMap((r) => (r.kind === "grpc" ? [r.status] : [])));
    this.#headers = spec.on.flatMap((r) => (r.kind === "header" ? [r.name] : []));
  }

  /** Whether a request of this method may be sent again when it may have been worked on. */
  repeats(method: string): boolean {
    return this.#methods === null ? isIdempotent(method) : this.#methods.has(method);
  }

  reasonOfError({ facts: { code, retry, side } }: ProxyError): Reason {
    if (CONNECT.has(code)) return this.#kinds.has("connectFailure") && side !== "downstream" ? "unsent" : "none";
    // Weir's own time for a try: that of the client's request is over with it.
    if (code === "responseTimeout") return this.#kinds.has("timeout") ? "touched" : "none";
    if (side !== "upstream" || !RESET.has(code)) return "none";
    // RFC 9113 8.7: a refused stream, or one above the last that GOAWAY names, was not worked on.
    if (retry === "always") return this.#kinds.has("refusedStream") || this.#kinds.has("reset") ? "untouched" : "none";
    return this.#kinds.has("reset") ? "touched" : "none";
  }

  /** `grpc`: it answers a call. `end`: it is its head alone, which of gRPC is a reply of trailers only. */
  reasonOfReply(h: ResponseHead, end: boolean, grpc: boolean): Reason {
    if (grpc && end && this.#grpc.size > 0 && this.#grpc.has(grpcStatusIn(h.fields))) return "asked";
    for (const [from, to] of this.#statuses) if (h.status >= from && h.status <= to) return "touched";
    for (const name of this.#headers) if (h.fields.has(name)) return "touched";
    return "none";
  }
}
