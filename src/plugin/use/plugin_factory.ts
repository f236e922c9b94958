import type { PluginFailureSpec } from "../../config/plugin_model.ts";
import type { Filter, FilterExchange, FilterFactory } from "../../filter/types.ts";
import type { RequestHead } from "../../http/head.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import type { CallFault } from "../link/call.ts";
import type { PluginPool } from "../process/plugin_pool.ts";
import type { ActionRules } from "./action_rules.ts";
import { AnswerCache } from "./answer_cache.ts";
import { attributeReader } from "./attributes.ts";
import { type CompiledPhases, compilePhases } from "./compiled_phases.ts";
import { LogBatch } from "./log_batch.ts";
import { PluginExchange, type PluginUse } from "./plugin_exchange.ts";
import { requestMatcher } from "./request_matcher.ts";

export interface UseOptions {
  readonly timeoutMs: number;
  readonly onFailure: PluginFailureSpec;
  readonly log: EventLog;
}

/** Failures of one use that are logged, a second; all are counted. */
const LOGGED_PER_SECOND = 5;

/** A plugin at its place in a route, with the processes that it has now. */
export class BoundUse implements PluginUse, FilterFactory {
  readonly pool: PluginPool;
  readonly config: number;
  readonly phases: CompiledPhases;
  readonly timeoutMs: number;
  readonly onFailure: PluginFailureSpec;
  readonly requestRules: ActionRules;
  readonly responseRules: ActionRules;
  readonly cache: AnswerCache;
  readonly #log: EventLog;
  readonly #matches: ((head: RequestHead) => boolean) | null;
  readonly #records: LogBatch | null;
  /** It has nothing of requests and replies but the log. */
  readonly #onlyLogs: boolean;
  #logged = 0;
  #loggedAt = 0;

  constructor(pool: PluginPool, config: number, { timeoutMs, onFailure, log }: UseOptions) {
    this.pool = pool;
    this.config = config;
    this.timeoutMs = timeoutMs;
    this.onFailure = onFailure;
    this.#log = log;
    const { info, spec } = pool;
    this.phases = compilePhases(info, spec.bodyBytes);
    const rules = { authority: spec.grants.authority, clusters: new Set(spec.grants.clusters) };
    this.requestRules = { side: "request", ...rules };
    this.responseRules = { side: "response", ...rules };
    this.cache = new AnswerCache(() => pool.now(), readPart);
    this.#matches = requestMatcher(info.match);
    this.#records = this.phases.log === null ? null : new LogBatch(pool, this.phases.log);
    const { requestHead, requestBody, responseHead, responseBody, chooseUpstream } = this.phases;
    this.#onlyLogs = [requestHead, requestBody, responseHead, responseBody, chooseUpstream].every((p) => p === null);
  }

  open(x: FilterExchange): Filter | null {
    if (this.#matches !== null && !this.#matches(x.request)) return null;
    if (!this.#onlyLogs) return new PluginExchange(this);
    return this.#records === null ? null : { onDone: (y) => this.done(y) };
  }

  close(): void {
    this.#records?.close();
    this.pool.unconfigure(this.config);
  }

  done(x: FilterExchange): void {
    this.#records?.add(x);
  }

  failed(x: FilterExchange, phase: string, f: CallFault): void {
    const now = this.pool.now();
    if (now - this.#loggedAt >= 1_000) {
      this.#loggedAt = now;
      this.#logged = 0;
    }
    if (this.#logged++ >= LOGGED_PER_SECOND) return;
    this.#log.log("warning", "a call of a plugin failed", {
      plugin: this.pool.spec.name,
      route: x.route,
      phase,
      outcome: f.outcome,
      reason: f.message,
    });
  }
}

const FIELD = "field:";
const ATTRIBUTE = "attribute:";

function readPart(part: string, x: FilterExchange): string | null {
  const { request } = x;
  if (part === "method" || part === "scheme" || part === "authority" || part === "path") return request[part];
  if (part.startsWith(FIELD)) return request.fields.list(part.slice(FIELD.length));
  if (!part.startsWith(ATTRIBUTE)) return null;
  const value = attributeReader(part.slice(ATTRIBUTE.length))?.(x);
  return value === undefined ? null : JSON.stringify(value);
}
