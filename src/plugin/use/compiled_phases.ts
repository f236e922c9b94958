import type { InitializeResult } from "../protocol/initialize.ts";
import type { BodyPhase, HeadPhase } from "../protocol/phases.ts";
import { AttributeSet } from "./attributes.ts";
import type { WantedFields } from "./head_text.ts";

export interface CompiledHead {
  readonly fields: WantedFields;
  readonly attributes: AttributeSet;
}

export interface CompiledBody {
  readonly streamed: boolean;
  /** Of a buffered body. */
  readonly limitBytes: number;
}

/** What of an exchange a plugin asks for, ready to be sent. null: it does not want the phase. */
export interface CompiledPhases {
  readonly requestHead: CompiledHead | null;
  readonly requestBody: CompiledBody | null;
  readonly responseHead: CompiledHead | null;
  readonly responseBody: CompiledBody | null;
  readonly chooseUpstream: AttributeSet | null;
  readonly log: { readonly attributes: AttributeSet; readonly everyMs: number; readonly batch: number } | null;
  /** It has more than one phase of an exchange, so that it keeps something of it. */
  readonly several: boolean;
  readonly takesText: boolean;
  readonly binary: boolean;
}

const LOG_EVERY_MS = 1_000;
const LOG_BATCH = 100;

export function compilePhases({ phases, capabilities }: InitializeResult, bodyBytes: number): CompiledPhases {
  const { requestHead, requestBody, responseHead, responseBody, chooseUpstream, log } = phases;
  const count = [requestHead, requestBody, responseHead, responseBody, chooseUpstream].filter((p) => p !== undefined).length;
  return {
    requestHead: head(requestHead),
    requestBody: body(requestBody, bodyBytes),
    responseHead: head(responseHead),
    responseBody: body(responseBody, bodyBytes),
    chooseUpstream: chooseUpstream === undefined ? null : new AttributeSet(chooseUpstream.attributes ?? []),
    log:
      log === undefined
        ? null
        : {
            attributes: new AttributeSet(log.attributes ?? []),
            everyMs: log.everyMs ?? LOG_EVERY_MS,
            batch: log.batch ?? LOG_BATCH,
          },
    several: count > 1 || requestBody?.mode === "streamed" || responseBody?.mode === "streamed",
    takesText: capabilities?.text === true,
    binary: capabilities?.binary === true,
  };
}

function head(p: HeadPhase | undefined): CompiledHead | null {
  if (p === undefined) return null;
  const fields = p.fields === "*" ? "*" : (p.fields ?? []).map((f) => f.toLowerCase());
  return { fields, attributes: new AttributeSet(p.attributes ?? []) };
}

function body(p: BodyPhase | undefined, bodyBytes: number): CompiledBody | null {
  if (p === undefined) return null;
  return { streamed: p.mode === "streamed", limitBytes: Math.min(p.limitBytes ?? bodyBytes, bodyBytes) };
}
