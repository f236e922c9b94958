import { localFault } from "../../base/error.ts";
import type { PluginFailureSpec } from "../../config/plugin_model.ts";
import { BodyGatherer } from "../../filter/body_gatherer.ts";
import { forgetLength } from "../../filter/body_length.ts";
import {
  type Answer,
  type BodyOut,
  type Filter,
  type FilterExchange,
  type HeadAnswer,
  type HeadVerdict,
  HOLD,
  type HostChoice,
  type Maybe,
  type Verdict,
} from "../../filter/types.ts";
import { RESET } from "../../filter/verdicts.ts";
import type { Fields } from "../../http/fields.ts";
import type { RequestHead, ResponseHead } from "../../http/head.ts";
import { RESPONSE_FLAGS } from "../../telemetry/response_flags.ts";
import type { CallFault } from "../link/call.ts";
import type { PluginCall, Seat } from "../process/plugin_call.ts";
import type { PluginPool } from "../process/plugin_pool.ts";
import { ActionCall } from "./action_call.ts";
import type { ActionRules } from "./action_rules.ts";
import type { AnswerCache } from "./answer_cache.ts";
import { applyFields, applyMetadata, applyToRequest, replyOf } from "./apply_action.ts";
import { type BodyPart, BodyStream } from "./body_stream.ts";
import { ChooseCall } from "./choose_call.ts";
import type { CompiledBody, CompiledPhases } from "./compiled_phases.ts";
import { fieldsText, requestText, responseText } from "./head_text.ts";
import type { Action } from "./read_action.ts";
import { writeBytes } from "./read_bytes.ts";

/** A plugin at its place in a route, as exchanges need it. */
export interface PluginUse {
  readonly pool: PluginPool;
  /** Number of its settings at the plugin. */
  readonly config: number;
  readonly phases: CompiledPhases;
  readonly timeoutMs: number;
  readonly onFailure: PluginFailureSpec;
  readonly requestRules: ActionRules;
  readonly responseRules: ActionRules;
  readonly cache: AnswerCache;
  /** A call came to nothing: for the log. */
  failed(x: FilterExchange, phase: string, f: CallFault): void;
  /** The exchange is over. */
  done(x: FilterExchange): void;
}

type Side = "request" | "response";

/** One exchange at a plugin that is a process. */
export class PluginExchange implements Filter {
  readonly onRequest?: NonNullable<Filter["onRequest"]>;
  readonly onRequestData?: NonNullable<Filter["onRequestData"]>;
  readonly onRequestTrailers?: NonNullable<Filter["onRequestTrailers"]>;
  readonly onChooseHost?: NonNullable<Filter["onChooseHost"]>;
  readonly onResponse?: NonNullable<Filter["onResponse"]>;
  readonly onResponseData?: NonNullable<Filter["onResponseData"]>;
  readonly onResponseTrailers?: NonNullable<Filter["onResponseTrailers"]>;
  readonly #use: PluginUse;
  readonly #seat: Seat;
  /** Calls whose answer is awaited: seldom more than one. */
  readonly #calls: PluginCall[] = [];
  #request: BodyPart | null = null;
  #response: BodyPart | null = null;
  #streams: { request: BodyStream | null; response: BodyStream | null } | null = null;
  /** Of the reply, while it may be changed. */
  #head: ResponseHead | null = null;
  /** A call has failed: the plugin hears no more of the exchange, whether that goes on or not. */
  #given = false;
  #over = false;

  constructor(use: PluginUse) {
    this.#use = use;
    this.#seat = use.pool.seat();
    const { phases } = use;
    // What is not there costs the runner nothing.
    if (phases.requestHead !== null || phases.requestBody !== null) this.onRequest = (x, end) => this.#requestHead(x, end);
    if (phases.requestBody !== null) {
      this.onRequestData = (x, b, end, out) => this.#data("request", x, b, end, out);
      this.onRequestTrailers = (x, f, out) => this.#trailers("request", x, f, out);
    }
    if (phases.chooseUpstream !== null) this.onChooseHost = (x, choice) => this.#chooseHost(x, choice);
    if (phases.responseHead !== null || phases.responseBody !== null)
      this.onResponse = (x, head, end) => this.#responseHead(x, head, end);
    if (phases.responseBody !== null) {
      this.onResponseData = (x, b, end, out) => this.#data("response", x, b, end, out);
      this.onResponseTrailers = (x, f, out) => this.#trailers("response", x, f, out);
    }
  }

  onDone(x: FilterExchange): void {
    this.#over = true;
    for (const call of this.#calls.splice(0)) call.cancel();
    this.#streams?.request?.close();
    this.#streams?.response?.close();
    this.#use.pool.leaveSeat(this.#seat, this.#use.phases.several);
    this.#use.done(x);
  }

  // ---- heads ----

  #requestHead(x: FilterExchange, end: boolean): HeadAnswer {
    const { phases, cache, pool } = this.#use;
    const wanted = phases.requestHead;
    if (wanted === null) return this.#bodyOf("request", x, x.request, end, false);
    const kept = cache.get(x);
    if (kept !== null) {
      pool.metrics.phase("requestHead").done("cached", 0);
      return this.#toRequest(x, kept, end);
    }
    let text = `,"config":${this.#use.config},"request":${requestText(x.request, wanted.fields)}`;
    if (!wanted.attributes.isEmpty) text += `,"attributes":${wanted.attributes.text(x)}`;
    if (end) text += `,"end":true`;
    return this.#ask<HeadVerdict>("requestHead", this.#use.requestRules, text, null, (a) => {
      if ("outcome" in a) return this.#failed(x, "requestHead", a, () => this.#bodyOf("request", x, x.request, end, true));
      // The head is as it was when the plugin was asked.
      if (a.cache !== null) cache.put(x, a);
      return this.#toRequest(x, a, end);
    });
  }

  #toRequest(x: FilterExchange, a: Action, end: boolean): HeadVerdict {
    const fault = applyToRequest(x, a);
    if (fault !== null)
      return this.#failed(x, "requestHead", { outcome: "invalid", message: fault }, () =>
        this.#bodyOf("request", x, x.request, end, true),
      );
    if (a.reset) return RESET;
    if (a.reply !== null) return replyOf(a.reply);
    if (a.body !== null) return { replace: a.body };
    return this.#bodyOf("request", x, x.request, end, a.leavesBody);
  }

  #responseHead(x: FilterExchange, head: ResponseHead, end: boolean): HeadAnswer {
    if (this.#given) return null;
    this.#head = head;
    const wanted = this.#use.phases.responseHead;
    if (wanted === null) return this.#bodyOf("response", x, head, end, false);
    let text = `,"config":${this.#use.config},"response":${responseText(head, wanted.fields)}`;
    if (!wanted.attributes.isEmpty) text += `,"attributes":${wanted.attributes.text(x)}`;
    if (end) text += `,"end":true`;
    return this.#ask<HeadVerdict>("responseHead", this.#use.responseRules, text, null, (a) => {
      if ("outcome" in a) return this.#failed(x, "responseHead", a, () => this.#bodyOf("response", x, head, end, true));
      toResponse(x, head, a);
      if (a.reset) return RESET;
      if (a.reply !== null) return replyOf(a.reply);
      if (a.body !== null) return { replace: a.body };
      return this.#bodyOf("response", x, head, end, a.leavesBody);
    });
  }

  #chooseHost(x: FilterExchange, choice: HostChoice): Maybe<string | null> {
    if (this.#given) return null;
    const { pool, config, timeoutMs, phases } = this.#use;
    const attributes = phases.chooseUpstream!;
    const hosts = choice.hosts.map((h) => ({ ...h, metadata: Object.fromEntries(h.metadata) }));
    let text = `,"config":${config},"cluster":${JSON.stringify(choice.cluster)},"hosts":${JSON.stringify(hosts)}`;
    text += `,"attempt":${choice.attempt}`;
    if (!attributes.isEmpty) text += `,"attributes":${attributes.text(x)}`;
    const call = new ChooseCall(pool, this.#seat, timeoutMs, text);
    this.#calls.push(call);
    pool.call(call);
    return call.answer.then((a) => {
      this.#forget(call);
      if ("host" in a) return a.host;
      const verdict = this.#failed(x, "chooseUpstream", a, () => null);
      if (verdict instanceof Error) throw verdict;
      return null;
    });
  }

  // ---- bodies ----

  /** What becomes of the head with regard to the body behind it. */
  #bodyOf(side: Side, x: FilterExchange, head: RequestHead | ResponseHead, end: boolean, leave: boolean): HeadVerdict {
    const { phases } = this.#use;
    const wanted = side === "request" ? phases.requestBody : phases.responseBody;
    if (wanted === null || leave || end || this.#given) return null;
    if (!wanted.streamed) {
      this.#set(side, this.#gather(side, wanted));
      return HOLD;
    }
    if (!this.#use.pool.attach(this.#seat))
      return this.#failed(x, `${side}Body`, { outcome: "gone", message: "no process of the plugin runs" }, () => null);
    const stream = new BodyStream({ ...this.#use, ...phases }, this.#seat, side, (phase, f) =>
      this.#failed(x, phase, f, () => null),
    );
    this.#streams ??= this.#listen();
    this.#streams[side] = stream;
    this.#set(side, stream);
    forgetLength(head);
    return null;
  }

  #set(side: Side, part: BodyPart): void {
    if (side === "request") this.#request = part;
    else this.#response = part;
  }

  #listen(): { request: BodyStream | null; response: BodyStream | null } {
    const streams: { request: BodyStream | null; response: BodyStream | null } = { request: null, response: null };
    this.#use.pool.stream(this.#seat, {
      onStream: (method, params, bytes) => {
        if (method === "requestOut") streams.request?.wrote(params, bytes);
        else if (method === "responseOut") streams.response?.wrote(params, bytes);
        else if (method === "requestTaken") streams.request?.taken(params);
        else if (method === "responseTaken") streams.response?.taken(params);
      },
      onGone: (why) => {
        streams.request?.gone(why);
        streams.response?.gone(why);
      },
    });
    return streams;
  }

  #data(side: Side, x: FilterExchange, b: Uint8Array, end: boolean, out: BodyOut): Answer {
    const part = side === "request" ? this.#request : this.#response;
    if (part !== null) return part.data(x, b, end, out);
    out.write(b);
    return null;
  }

  #trailers(side: Side, x: FilterExchange, f: Fields, out: BodyOut): Answer {
    const part = side === "request" ? this.#request : this.#response;
    return part === null ? null : part.trailers(x, f, out);
  }

  #gather(side: Side, { limitBytes }: CompiledBody): BodyPart {
    const whole = (x: FilterExchange, body: Uint8Array, trailers: Fields | null, out: BodyOut): Answer =>
      body.length === 0 && trailers === null ? null : this.#whole(side, x, body, trailers, out);
    if (side === "request") return new BodyGatherer({ limit: limitBytes, whole });
    return new BodyGatherer({
      limit: limitBytes,
      whole,
      tooLong: (x) =>
        this.#failed(
          x,
          "responseBody",
          { outcome: "invalid", message: `the reply is longer than ${limitBytes} bytes` },
          () => null,
        ),
    });
  }

  #whole(side: Side, x: FilterExchange, body: Uint8Array, trailers: Fields | null, out: BodyOut): Answer {
    const { phases, requestRules, responseRules, config } = this.#use;
    const phase = side === "request" ? "requestBody" : "responseBody";
    let text = `,"config":${config}`;
    if (trailers !== null) text += `,"trailers":${fieldsText(trailers, "*")}`;
    const frame = phases.binary && body.length > 0 ? body : null;
    if (frame === null) text += `,${writeBytes(body, phases.takesText)}`;
    return this.#ask<Verdict>(phase, side === "request" ? requestRules : responseRules, text, frame, (a) => {
      if ("outcome" in a) return this.#failed(x, phase, a, () => null);
      if (side === "request") {
        const fault = applyToRequest(x, a);
        if (fault !== null) return this.#failed(x, phase, { outcome: "invalid", message: fault }, () => null);
      }
      if (side === "response" && this.#head !== null) toResponse(x, this.#head, a);
      if (a.reset) return RESET;
      if (a.reply !== null) return replyOf(a.reply);
      if (a.body !== null) out.replace(a.body, trailers ?? undefined);
      return null;
    });
  }

  // ---- calls ----

  /** `settle` is called in the turn in which the answer comes. */
  #ask<T>(
    phase: string,
    rules: ActionRules,
    text: string,
    frame: Uint8Array | null,
    settle: (a: Action | CallFault) => T,
  ): Promise<T> {
    const { pool, timeoutMs } = this.#use;
    const call = new ActionCall<T>(pool, this.#seat, phase, timeoutMs, rules, text, frame, (a) => {
      this.#forget(call);
      return settle(a);
    });
    this.#calls.push(call);
    pool.call(call);
    return call.answer;
  }

  #forget(call: PluginCall): void {
    const at = this.#calls.indexOf(call);
    if (at >= 0) this.#calls.splice(at, 1);
  }

  #failed<T>(x: FilterExchange, phase: string, f: CallFault, goOn: () => T): T | Verdict {
    const { onFailure } = this.#use;
    this.#use.failed(x, phase, f);
    this.#given = true;
    if (!this.#over) x.pluginFailed(this.#use.pool.spec.name);
    if (onFailure.kind === "open") {
      if (!this.#over) x.mark(RESPONSE_FLAGS.filterFailed.flag);
      return goOn();
    }
    return localFault("filterFailed", onFailure.status, `a call of the plugin failed: ${f.message}`);
  }
}

function toResponse(x: FilterExchange, head: ResponseHead, a: Action): void {
  if (a.status !== null) {
    head.status = a.status;
    head.reason = "";
  }
  applyFields(head.fields, a.fields);
  applyMetadata(x, a);
}
