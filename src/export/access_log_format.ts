import type { AccessLogSpec } from "../config/model.ts";
import { ACCESS_FIELDS, METADATA_PREFIX, REQUEST_HEADER_PREFIX, RESPONSE_HEADER_PREFIX } from "../telemetry/access_fields.ts";
import type { AccessRecord } from "../telemetry/access_record.ts";
import {
  type AccessTemplate,
  checkAccessField,
  parseAccessTemplate,
  type TemplateProblem,
} from "../telemetry/access_template.ts";
import { ClockText } from "./clock_text.ts";
import { NUMBER_BYTES, putMilliseconds, putWhole } from "./log_digits.ts";
import { ESCAPE_BYTES, putJson, putText, utf8Bytes } from "./log_escape.ts";

const REQUEST_HEADER = ACCESS_FIELDS.length;
const RESPONSE_HEADER = REQUEST_HEADER + 1;
const METADATA = REQUEST_HEADER + 2;
const FIELD_NUMBER: ReadonlyMap<string, number> = new Map(ACCESS_FIELDS.map((f, i) => [f.name, i]));
export type CompiledFormat =
  | { readonly format: AccessLogFormat; readonly problems: readonly [] }
  | { readonly format: null; readonly problems: readonly TemplateProblem[] };

/** Compiles what the config says of a line, or tells everything that is wrong with it. */
export function compileAccessFormat(spec: AccessLogSpec["format"]): CompiledFormat {
  if (spec.kind === "text") {
    const { literals, names, problems } = parseAccessTemplate(spec.template);
    if (problems.length > 0) return { format: null, problems };
    return { format: new AccessLogFormat({ literals, names }, false), problems: [] };
  }
  const problems = spec.fields.map(checkAccessField).filter((p) => p !== null);
  if (problems.length > 0) return { format: null, problems };
  return { format: new AccessLogFormat(jsonTemplate(spec.fields), true), problems: [] };
}

/** A JSON object is a template too: strings bring their quotes with the text around them. */
function jsonTemplate(names: readonly string[]): AccessTemplate {
  const literals: string[] = [];
  let open = "{";
  for (const name of names) {
    const quote = ACCESS_FIELDS.find((f) => f.name === name)?.type === "number" ? "" : '"';
    literals.push(`${open}${JSON.stringify(name)}:${quote}`);
    open = `${quote},`;
  }
  literals.push(names.length === 0 ? "{}" : `${open.slice(0, -1)}}`);
  return { literals, names };
}

/** How a step is written. */
const TIME = 0;
const TIME_CLF = 1;
const WHOLE = 2;
const MILLISECONDS = 3;
/** A string of bytes. */
const BYTES = 4;
/** A name of the config is text and not bytes. */
const NAME = 5;
/** A whole number, or absent. */
const WHOLE_OR_NONE = 6;

/**
 * Writes the line of a record as bytes, from a list of numbered steps. It makes no string and no object: closures a field and joined
 * strings cost twice as much.
 */
export class AccessLogFormat {
  readonly #steps: Uint8Array;
  readonly #kinds: Uint8Array;
  /** One more than steps. The last ends the line. */
  readonly #literals: readonly Uint8Array[];
  /** Header name of a step, lower case, or the namespace of metadata; "" for others. */
  readonly #headers: readonly string[];
  /** Of metadata, behind its namespace. */
  readonly #keys: readonly string[];
  readonly #json: boolean;
  /** Room that all but the strings may take. */
  readonly #reserve: number;
  readonly #clock = new ClockText();

  constructor(template: AccessTemplate, json: boolean) {
    const { literals, names } = template;
    this.#json = json;
    this.#steps = Uint8Array.from(names, stepOf);
    this.#kinds = this.#steps.map(kindOf);
    this.#headers = names.map(headerOf);
    this.#keys = names.map(keyOf);
    this.#literals = literals.map((l, i) => new TextEncoder().encode(i === names.length ? `${l}\n` : l));
    this.#reserve = this.#literals.reduce((n, l) => n + l.length, 0) + names.length * NUMBER_BYTES;
  }

  /** Writes a whole line with its line break at `at`; returns the offset behind it, −1 when it may not fit. */
  write(r: AccessRecord, b: Uint8Array, at: number): number {
    const steps = this.#steps;
    const kinds = this.#kinds;
    const literals = this.#literals;
    const json = this.#json;
    const limit = b.length - this.#reserve;
    if (at > limit) return -1;
    let to = putBytes(b, at, literals[0]!);
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]!;
      switch (kinds[i]) {
        case TIME:
          to = this.#clock.putRfc3339(b, to, r.startWall);
          break;
        case TIME_CLF:
          to = this.#clock.putClf(b, to, r.startWall);
          break;
        case WHOLE:
          to = putWhole(b, to, wholeOf(r, step));
          break;
        case MILLISECONDS: {
          const ms = millisecondsOf(r, step);
          if (ms >= 0) to = putMilliseconds(b, to, ms);
          else to = json ? putBytes(b, to, NULL) : putDash(b, to);
          break;
        }
        case WHOLE_OR_NONE:
          if (r.grpcStatus >= 0) to = putWhole(b, to, r.grpcStatus);
          else to = json ? putBytes(b, to, NULL) : putDash(b, to);
          break;
        default: {
          let s = bytesOf(r, step, this.#headers[i]!, this.#keys[i]!);
          if (!json && kinds[i] === NAME) s = utf8Bytes(s);
          if (to + s.length * ESCAPE_BYTES > limit) return -1;
          if (json) to = putJson(b, to, s);
          else to = s.length === 0 ? putDash(b, to) : putText(b, to, s);
        }
      }
      to = putBytes(b, to, literals[i + 1]!);
    }
    return to;
  }
}

// The numbers below are places in ACCESS_FIELDS; a test walks the table and compares.
function wholeOf(r: AccessRecord, step: number): number {
  switch (step) {
    case 2:
      return Math.floor(r.startWall);
    case 5:
      return r.remotePort;
    case 8:
      return r.connectionId;
    case 14:
      return r.status;
    case 15:
      return r.requestBodyBytes;
    case 16:
      return r.responseBodyBytes;
    case 17:
      return r.requestHeadBytes;
    case 18:
      return r.responseHeadBytes;
    default:
      return r.attempts;
  }
}

function millisecondsOf(r: AccessRecord, step: number): number {
  switch (step) {
    case 19:
      return r.duration;
    case 20:
      return r.requestDuration;
    case 21:
      return r.upstreamHeadDuration;
    default:
      return r.connectDuration;
  }
}

function bytesOf(r: AccessRecord, step: number, header: string, key: string): string {
  switch (step) {
    case 3:
      return r.listener;
    case 4:
      return r.remoteAddress;
    case 6:
      return r.clientAddress;
    case 7:
      return r.localAddress;
    case 9:
      return r.protocol;
    case 10:
      return r.scheme;
    case 11:
      return r.method;
    case 12:
      return r.authority;
    case 13:
      return r.path;
    case 23:
      return r.route;
    case 24:
      return r.cluster;
    case 25:
      return r.endpoint;
    case 27:
      return r.flags;
    case 28:
      return r.requestId;
    case 30:
      return r.serverName;
    case 31:
      return r.failedPlugin;
    case REQUEST_HEADER:
      return r.requestField(header);
    case METADATA:
      return r.metadataText(header, key);
    default:
      return r.responseField(header);
  }
}

function kindOf(step: number): number {
  if (step < 2) return step === 0 ? TIME : TIME_CLF;
  if (step === 3 || (step >= 23 && step <= 25) || step === 31 || step === METADATA) return NAME;
  if (step >= 19 && step <= 22) return MILLISECONDS;
  if (step === 29) return WHOLE_OR_NONE;
  return step < REQUEST_HEADER && ACCESS_FIELDS[step]!.type === "number" ? WHOLE : BYTES;
}

const NULL = new TextEncoder().encode("null");
const DASH = 0x2d;

function putDash(b: Uint8Array, at: number): number {
  b[at] = DASH;
  return at + 1;
}

function putBytes(b: Uint8Array, at: number, from: Uint8Array): number {
  for (let i = 0; i < from.length; i++) b[at + i] = from[i]!;
  return at + from.length;
}

function stepOf(name: string): number {
  if (name.startsWith(REQUEST_HEADER_PREFIX)) return REQUEST_HEADER;
  if (name.startsWith(RESPONSE_HEADER_PREFIX)) return RESPONSE_HEADER;
  if (name.startsWith(METADATA_PREFIX)) return METADATA;
  return FIELD_NUMBER.get(name)!;
}

function headerOf(name: string): string {
  if (name.startsWith(REQUEST_HEADER_PREFIX)) return name.slice(REQUEST_HEADER_PREFIX.length).toLowerCase();
  if (name.startsWith(RESPONSE_HEADER_PREFIX)) return name.slice(RESPONSE_HEADER_PREFIX.length).toLowerCase();
  return name.startsWith(METADATA_PREFIX) ? partsOf(name)[0] : "";
}

function keyOf(name: string): string {
  return name.startsWith(METADATA_PREFIX) ? partsOf(name)[1] : "";
}

/** A namespace holds no dot, a key may. */
function partsOf(name: string): readonly [namespace: string, key: string] {
  const rest = name.slice(METADATA_PREFIX.length);
  const dot = rest.indexOf(".");
  return dot < 0 ? [rest, ""] : [rest.slice(0, dot), rest.slice(dot + 1)];
}
