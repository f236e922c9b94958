/** What must come of the bytes: a refusal that ends the connection, or these requests at the origin and nothing else. */
export type Outcome =
  | { readonly kind: "refused"; readonly statuses: readonly number[] }
  /** The first request is served, and what stands behind it is refused. */
  | { readonly kind: "refusedBehind"; readonly request: Reached; readonly statuses: readonly number[] }
  /** Weir replies itself, and that ends the connection: nothing reaches the origin. */
  | { readonly kind: "answered"; readonly status: number }
  | { readonly kind: "reached"; readonly requests: readonly Reached[] };

export interface Reached {
  readonly line: string;
  readonly body: string;
  /** Fields that must be there exactly so, or with null must not be there. */
  readonly fields: Readonly<Record<string, string | null>>;
}

export interface Row {
  readonly name: string;
  /** The clause that decides. */
  readonly rfc: string;
  readonly send: string;
  readonly outcome: Outcome;
}

export const HOST = "Host: test.example\r\n";

export function get(fields: string): string {
  return `GET /first HTTP/1.1\r\n${HOST}${fields}\r\n`;
}

export function post(fields: string, body: string): string {
  return `POST /first HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}

export function chunked(body: string, fields = "Transfer-Encoding: chunked\r\n"): string {
  return post(fields, body);
}

export function refused(...statuses: number[]): Outcome {
  return { kind: "refused", statuses: statuses.length === 0 ? [400] : statuses };
}

export function refusedBehind(line: string, body = ""): Outcome {
  return { kind: "refusedBehind", request: { line, body, fields: {} }, statuses: [400] };
}

export function answered(status: number): Outcome {
  return { kind: "answered", status };
}

export function reached(line: string, body = "", fields: Readonly<Record<string, string | null>> = {}): Outcome {
  return { kind: "reached", requests: [{ line, body, fields }] };
}

export function row(name: string, rfc: string, send: string, outcome: Outcome): Row {
  return { name, rfc, send, outcome };
}

export const FIRST = "GET /first HTTP/1.1";
export const POSTED = "POST /first HTTP/1.1";
