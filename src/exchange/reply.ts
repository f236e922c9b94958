import { encodeLatin1 } from "../base/bytes.ts";
import type { ProxyError } from "../base/error.ts";
import { forgetLength, setLength } from "../filter/body_length.ts";
import type { Reply } from "../filter/types.ts";
import { Fields } from "../http/fields.ts";
import { encodeGrpcMessage } from "../http/grpc/message.ts";
import { GRPC_STATUS, grpcStatusOf } from "../http/grpc/status.ts";
import { ID } from "../http/names.ts";
import { reasonPhrase } from "../http/status.ts";
import type { RespondAction } from "./site.ts";

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

/** What a route answers itself; to a call of gRPC an error is one of gRPC. */
export function respondReply({ status, body, contentType }: RespondAction, grpc: boolean, wall: number): Reply {
  if (grpc && status >= 400) return grpcReply(grpcStatusOf(status), status, body, wall);
  return makeReply(status, body, contentType, wall);
}

/** RFC 9110 9.3.7. */
export function allowReply(wall: number): Reply {
  const reply = makeReply(200, NONE, null, wall);
  reply.head.fields.add("Allow", ALLOWED_METHODS);
  return reply;
}

/** A filter's reply, made one that can be sent: with a Date, and with the one length that it has. */
export function finishReply(r: Reply, wall: number): Reply {
  const { head, body } = r;
  const { fields: f } = head;
  if (!f.hasId(ID.date)) f.add("Date", httpDate(wall));
  f.remove("transfer-encoding");
  const bodyless = head.status === 204 || head.status === 304;
  const length = f.list("content-length");
  if (head.status === 204) forgetLength(head);
  // A 304 tells the length of what it does not send (RFC 9110 8.6).
  else if (!bodyless && (length === null ? body.length > 0 : length !== String(body.length))) setLength(head, body.length);
  if (!bodyless) head.contentLength = body.length;
  else if (head.status === 304 && length !== null && !/^[0-9]{1,15}$/.test(length)) forgetLength(head);
  return bodyless && body.length > 0 ? { ...r, body: NONE } : r;
}

export function redirectReply(status: number, location: string, wall: number): Reply {
  const reply = makeReply(status, NONE, null, wall);
  reply.head.fields.add("Location", location);
  return reply;
}

/** Bytes of a reply's body that go into a grpc-message: a head has room for little more. */
const GRPC_MESSAGE_BYTES = 1024;

/**
 * An error as gRPC tells it: all in the head, trailers-only (grpc/doc/PROTOCOL-HTTP2.md). The message is `text`, or where that is too long
 * the phrase of the HTTP status that it would have been.
 */
export function grpcReply(grpcStatus: number, status: number, text: Uint8Array, wall: number): Reply {
  const message = text.length > 0 && text.length <= GRPC_MESSAGE_BYTES ? text : bodyOf(status);
  const end = message[message.length - 1] === LF ? message.length - 1 : message.length;
  const fields = Fields.of("Date", httpDate(wall), "Content-Type", "application/grpc", "grpc-status", String(grpcStatus));
  fields.add("grpc-message", encodeGrpcMessage(message.subarray(0, end)));
  return { head: { status: 200, reason: "", fields, contentLength: 0, upgrade: "" }, body: NONE };
}

/** The status of gRPC that an error has: by its HTTP status, but where the cause says more. */
export function grpcStatusOfFault(e: ProxyError): number {
  const { code, side, status } = e.facts;
  // Weir's own deadlines; a connection that takes too long to be made is the upstream's fault.
  if (code === "requestTimeout" || code === "responseTimeout" || code === "streamIdleTimeout")
    return GRPC_STATUS.deadlineExceeded;
  if (side === "downstream" && status === 0) return GRPC_STATUS.cancelled;
  return grpcStatusOf(status);
}

/**
 * The one place that turns an error into what the client sees: the status and its phrase. What went wrong in detail is for the logs;
 * it would tell a stranger about the inside.
 */
export function errorReply(e: ProxyError, wall: number, grpc = false): Reply {
  const { status } = e.facts;
  if (grpc) return grpcReply(grpcStatusOfFault(e), status, NONE, wall);
  const reply = makeReply(status, bodyOf(status), "text/plain; charset=utf-8", wall);
  // RFC 9110 15.5.6.
  if (status === 405) reply.head.fields.add("Allow", ALLOWED_METHODS);
  if (status === 503) reply.head.fields.add("Retry-After", "1");
  return reply;
}

const NONE = new Uint8Array(0);
const LF = 0x0a;
const bodies = new Map<number, Uint8Array>();

function bodyOf(status: number): Uint8Array {
  let body = bodies.get(status);
  if (body === undefined) {
    body = encodeLatin1(`${status} ${reasonPhrase(status)}\n`);
    bodies.set(status, body);
  }
  return body;
}
