import { concatBytes, indexOfBytes } from "../../base/bytes.ts";
import type { HealthCheckSpec } from "../../config/traffic_model.ts";
import type { StreamWriter } from "../../http/codec.ts";
import { Fields } from "../../http/fields.ts";
import type { RequestHead, ResponseHead } from "../../http/head.ts";
import type { ProbeOwner } from "./probe.ts";
import { StreamCheck } from "./stream_check.ts";

export type HttpProbeSpec = Extract<HealthCheckSpec["probe"], { kind: "http" }>;

/** Bytes of a body that are searched. */
export const BODY_PREFIX = 1024;
/** So that origins can tell checks from traffic in their logs. */
export const CHECK_AGENT = "weir-health";

/** One request of HTTP, by its status and what the beginning of its body holds. */
export class HttpCheck extends StreamCheck {
  readonly #spec: HttpProbeSpec;
  readonly #authority: string;
  #status = 0;
  #prefix: Uint8Array[] = [];
  #prefixBytes = 0;

  constructor(owner: ProbeOwner, spec: HttpProbeSpec, authority: string) {
    super(owner);
    this.#spec = spec;
    this.#authority = authority;
  }

  protected ask(w: StreamWriter<RequestHead>): void {
    w.sendHead(checkHead(this.#spec.method, this.#spec.path, this.#authority, this.#spec.headers), true);
  }

  protected head(h: ResponseHead): void {
    this.#status = h.status;
  }

  protected data(b: Uint8Array): void {
    if (this.#spec.body === null || this.#prefixBytes >= BODY_PREFIX) return;
    const part = b.subarray(0, BODY_PREFIX - this.#prefixBytes);
    this.#prefix.push(part);
    this.#prefixBytes += part.length;
  }

  protected verdict(): string {
    const { expect, body } = this.#spec;
    if (!expect.some(([from, to]) => this.#status >= from && this.#status <= to)) return `status ${this.#status}`;
    if (body === null || indexOfBytes(concatBytes(this.#prefix), new TextEncoder().encode(body)) >= 0) return "";
    return `status ${this.#status}, and its body does not have "${body}" in its first ${BODY_PREFIX} bytes`;
  }
}

/** A request's head without a body. Headers of the config take the place of Weir's own. */
export function checkHead(
  method: string,
  path: string,
  authority: string,
  headers: readonly (readonly [name: string, value: string])[],
): RequestHead {
  const fields = Fields.of("Host", authority, "User-Agent", CHECK_AGENT);
  for (const [name, value] of headers) {
    if (/^(?:host|user-agent)$/i.test(name)) fields.set(name, value);
    else fields.add(name, value);
  }
  return {
    protocol: "HTTP/1.1",
    method,
    scheme: "http",
    authority,
    path,
    pathFlags: 0,
    fields,
    contentLength: 0,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
  };
}
