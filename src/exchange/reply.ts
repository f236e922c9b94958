import { encodeLatin1 } from "../base/bytes.ts";
import type { ProxyError } from "../base/error.ts";
import { Fields } from "../http/fields.ts";
import type { ResponseHead } from "../http/head.ts";
import { reasonPhrase } from "../http/status.ts";

/** A response that Weir makes itself. */
export interface Reply {
  readonly head: ResponseHead;
  readonly body: Uint8Array;
}

/** What Allow names (RFC 9110 10.2.1): routes take any method of a resource, TRACE and CONNECT are not for one. */
export const ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

let dateText = "";
let dateSecond = -1;

/** Date of now (RFC 9110 6.6.1), made once a second. `wall` is milliseconds since the epoch. */
export function httpDate(wall: number): string {
  const second = Math.floor(wall / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}

/** A reply with a body of `contentType`; null: no body's type to tell. */
export function makeReply(status: number, body: Uint8Array, contentType: string | null, wall: number): Reply {
  const fields = Fields.of("Date", httpDate(wall));
  const forbidsBody = status === 204 || status === 304;
  if (!forbidsBody) fields.add("Content-Length", String(body.length));
  if (contentType !== null && body.length > 0) fields.add("Content-Type", contentType);
  return {
    head: { status, reason: "", fields, contentLength: forbidsBody ? 0 : body.length, upgrade: "" },
    body: forbidsBody ? NONE : body,
  };
}

/**
 * The one place that turns an error into what the client sees: the status and its phrase. What went wrong in detail is for the logs;
 * it would tell a stranger about the inside.
 */
export function errorReply(e: ProxyError, wall: number): Reply {
  const { status } = e.facts;
  const reply = makeReply(status, bodyOf(status), "text/plain; charset=utf-8", wall);
  // RFC 9110 15.5.6.
  if (status === 405) reply.head.fields.add("Allow", ALLOWED_METHODS);
  if (status === 503) reply.head.fields.add("Retry-After", "1");
  return reply;
}

const NONE = new Uint8Array(0);
const bodies = new Map<number, Uint8Array>();

function bodyOf(status: number): Uint8Array {
  let body = bodies.get(status);
  if (body === undefined) {
    body = encodeLatin1(`${status} ${reasonPhrase(status)}\n`);
    bodies.set(status, body);
  }
  return body;
}
