import type { AccessLogSpec } from "../config/model.ts";
import { ACCESS_FIELDS, REQUEST_HEADER_PREFIX, RESPONSE_HEADER_PREFIX } from "../telemetry/access_fields.ts";
import type { AccessRecord } from "../telemetry/access_record.ts";
import {
  type AccessTemplate,
  checkAccessField,
  parseAccessTemplate,
  type TemplateProblem,
} from "../telemetry/access_template.ts";
import { ClockText } from "./clock_text.ts";
import { escapeJson, escapeText, isPlain, utf8Bytes } from "./log_escape.ts";

const REQUEST_HEADER = ACCESS_FIELDS.length;
const RESPONSE_HEADER = REQUEST_HEADER + 1;
const FIELD_NUMBER: ReadonlyMap<string, number> = new Map(ACCESS_FIELDS.map((f, i) => [f.name, i]));
/** Thousandths as text: a duration is printed without the slow path of floating point. */
const THOUSANDTHS: readonly string[] = Array.from({ length: 1000 }, (_, i) => `.${String(i).padStart(3, "0")}`);

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
    literals.push(`${open}"${escapeJson(name)}":${quote}`);
    open = `${quote},`;
  }
  literals.push(names.length === 0 ? "{}" : `${open.slice(0, -1)}}`);
  return { literals, names };
}

/**
 * Makes a line of a record: a list of numbered steps, walked by one switch. That runs as fast as generated code, and needs no `eval`.
 * A string is looked at for bytes to escape only when it differs from the last one in its place.
 */
export class AccessLogFormat {
  readonly #steps: Uint8Array;
  /** One more than steps; strings of bytes. The last ends the line. */
  readonly #literals: readonly string[];
  /** Header name of a step, lower case; "" for others. */
  readonly #headers: readonly string[];
  readonly #json: boolean;
  readonly #lastValue: string[];
  readonly #lastText: string[];
  readonly #clock = new ClockText();

  constructor(template: AccessTemplate, json: boolean) {
    const { literals, names } = template;
    this.#json = json;
    this.#steps = Uint8Array.from(names, stepOf);
    this.#headers = names.map(headerOf);
    this.#literals = literals.map((l, i) => utf8Bytes(l) + (i === names.length ? "\n" : ""));
    this.#lastValue = names.map(() => "");
    this.#lastText = names.map(() => (json ? "" : "-"));
  }

  /** A whole line with its line break, as a string of bytes (chars below 0x80 but for the template's own text). */
  format(r: AccessRecord): string {
    const steps = this.#steps;
    const literals = this.#literals;
    let line = literals[0]!;
    for (let i = 0; i < steps.length; i++) line = line + this.#value(r, i, steps[i]!) + literals[i + 1]!;
    return line;
  }

  // The numbers are places in ACCESS_FIELDS; a test walks the table and compares.
  #value(r: AccessRecord, i: number, step: number): string {
    switch (step) {
      case 0:
        return this.#clock.rfc3339(r.startWall);
      case 1:
        return this.#clock.clf(r.startWall);
      case 2:
        return `${Math.floor(r.startWall)}`;
      case 3:
        return this.#name(i, r.listener);
      case 4:
        return this.#text(i, r.remoteAddress);
      case 5:
        return `${r.remotePort}`;
      case 6:
        return this.#text(i, r.clientAddress);
      case 7:
        return this.#text(i, r.localAddress);
      case 8:
        return `${r.connectionId}`;
      case 9:
        return this.#text(i, r.protocol);
      case 10:
        return this.#text(i, r.scheme);
      case 11:
        return this.#text(i, r.method);
      case 12:
        return this.#text(i, r.authority);
      case 13:
        return this.#text(i, r.path);
      case 14:
        return `${r.status}`;
      case 15:
        return `${r.requestBodyBytes}`;
      case 16:
        return `${r.responseBodyBytes}`;
      case 17:
        return `${r.requestHeadBytes}`;
      case 18:
        return `${r.responseHeadBytes}`;
      case 19:
        return this.#milliseconds(r.duration);
      case 20:
        return this.#milliseconds(r.requestDuration);
      case 21:
        return this.#milliseconds(r.upstreamHeadDuration);
      case 22:
        return this.#milliseconds(r.connectDuration);
      case 23:
        return this.#name(i, r.route);
      case 24:
        return this.#name(i, r.cluster);
      case 25:
        return this.#name(i, r.endpoint);
      case 26:
        return `${r.attempts}`;
      case 27:
        return this.#text(i, r.flags);
      case 28:
        return this.#text(i, r.requestId);
      case REQUEST_HEADER:
        return this.#text(i, r.requestField(this.#headers[i]!));
      default:
        return this.#text(i, r.responseField(this.#headers[i]!));
    }
  }

  #text(i: number, value: string): string {
    if (value === this.#lastValue[i]) return this.#lastText[i]!;
    let text = value;
    if (!isPlain(value)) text = this.#json ? escapeJson(value) : escapeText(value);
    else if (value === "" && !this.#json) text = "-";
    this.#lastValue[i] = value;
    this.#lastText[i] = text;
    return text;
  }

  /** A name of the config is text and not bytes. */
  #name(i: number, value: string): string {
    if (value === this.#lastValue[i]) return this.#lastText[i]!;
    let text = value;
    if (!isPlain(value)) text = this.#json ? escapeJson(value) : escapeText(utf8Bytes(value));
    else if (value === "" && !this.#json) text = "-";
    this.#lastValue[i] = value;
    this.#lastText[i] = text;
    return text;
  }

  #milliseconds(ms: number): string {
    if (!(ms >= 0)) return this.#json ? "null" : "-";
    const micros = Math.round(ms * 1000);
    const whole = Math.floor(micros / 1000);
    return whole + THOUSANDTHS[micros - whole * 1000]!;
  }
}

function stepOf(name: string): number {
  if (name.startsWith(REQUEST_HEADER_PREFIX)) return REQUEST_HEADER;
  if (name.startsWith(RESPONSE_HEADER_PREFIX)) return RESPONSE_HEADER;
  return FIELD_NUMBER.get(name)!;
}

function headerOf(name: string): string {
  if (name.startsWith(REQUEST_HEADER_PREFIX)) return name.slice(REQUEST_HEADER_PREFIX.length).toLowerCase();
  if (name.startsWith(RESPONSE_HEADER_PREFIX)) return name.slice(RESPONSE_HEADER_PREFIX.length).toLowerCase();
  return "";
}
