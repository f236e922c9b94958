import type { SrvRecord, Timer } from "../../platform/types.ts";
import { type DnsPolicy, errorText, isAbsence, refreshDelay, retryDelay, type WatchEnv } from "./dns_policy.ts";
import type { EndpointSink, EndpointSource } from "./endpoint_source.ts";
import { ANSWER_LIMIT_MS } from "./limits.ts";
import { srvEndpoints } from "./srv_endpoints.ts";

/**
 * The endpoints that a name has by its SRV records (RFC 2782).
 *
 *   asking ── an answer, or 10 s ─► waiting ── before the TTL ends, or the retry delay ─► asking …
 *
 * A failure, and an answer without records, change nothing: a broken or emptied DNS takes no traffic away.
 */
export class SrvSource implements EndpointSource {
  readonly #env: WatchEnv;
  readonly #name: string;
  readonly #policy: DnsPolicy;
  #sink: EndpointSink | null = null;
  /** The question under way; what answers an earlier one comes too late. */
  #question = 0;
  #failures = 0;
  #kept = 0;
  #timer: Timer | null = null;

  constructor(env: WatchEnv, name: string, policy: DnsPolicy) {
    this.#env = env;
    this.#name = name;
    this.#policy = policy;
  }

  start(sink: EndpointSink): void {
    this.#sink = sink;
    this.#ask();
  }

  close(): void {
    this.#sink = null;
    this.#timer?.cancel();
  }

  #ask(): void {
    const { platform } = this.#env;
    const question = ++this.#question;
    const isOpen = (): boolean => this.#sink !== null && this.#question === question;
    this.#timer = platform.setTimer(ANSWER_LIMIT_MS, () => this.#failed(`no answer after ${ANSWER_LIMIT_MS} ms`));
    platform.resolveSrv(this.#name, this.#policy.servers).then(
      (records) => isOpen() && this.#answered(records),
      (e: unknown) => isOpen() && this.#failed(isAbsence(e) ? "none" : errorText(e)),
    );
  }

  #answered(records: readonly SrvRecord[]): void {
    if (records.length === 0) {
      this.#failed("none");
      return;
    }
    const { log, cluster, random } = this.#env;
    if (this.#failures > 0)
      log.log("info", "Name resolves again", { cluster, name: this.#name, type: "SRV", failures: this.#failures });
    this.#failures = 0;
    const endpoints = srvEndpoints(records);
    this.#kept = endpoints.length;
    const ttl = records.reduce((least, r) => Math.min(least, r.ttl), Number.POSITIVE_INFINITY);
    this.#later(refreshDelay(this.#policy, ttl * 1000, random));
    this.#sink!.set(endpoints);
  }

  #failed(error: string): void {
    const { log, cluster, random } = this.#env;
    const delay = retryDelay(this.#failures, random);
    this.#failures++;
    this.#env.failed();
    log.log("warning", "Name could not be resolved, its last endpoints stay in use", {
      cluster,
      name: this.#name,
      type: "SRV",
      error,
      failures: this.#failures,
      retryMs: Math.round(delay),
      kept: this.#kept,
    });
    this.#later(delay);
    this.#sink!.lacking();
  }

  #later(ms: number): void {
    // What is still to come of this question is not waited for.
    this.#question++;
    this.#timer?.cancel();
    this.#timer = this.#env.platform.setTimer(ms, () => this.#ask());
  }
}
