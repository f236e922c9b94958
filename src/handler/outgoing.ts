import { Fields } from "../http/fields.ts";
import type { RequestHead } from "../http/head.ts";
import { removeHopByHop } from "../http/hop_by_hop.ts";

/** A request that a handler makes, ready to be sent. */
export interface Outgoing {
  readonly head: RequestHead;
  /** null: none. Bytes can be sent again. */
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
  readonly signal: AbortSignal | null;
}

/** Reads what `fetch` was given: `init` goes before the request. `authority`: Host, where neither names one. */
export function readOutgoing(input: string | URL | Request, given: RequestInit, path: string, authority: string): Outgoing {
  // A request in place of `init` is sent on as it is.
  const from = given instanceof Request ? given : input instanceof Request ? input : null;
  const init = given instanceof Request ? {} : given;
  const method = init.method ?? from?.method ?? "GET";
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method) || /^(?:CONNECT|TRACE|TRACK)$/i.test(method))
    throw new TypeError(`change the method: found ${JSON.stringify(method)}`);
  const headers = new Headers(init.headers ?? from?.headers);
  const body = readBody(init, from, headers);
  const fields = Fields.empty();
  headers.forEach((value, name) => {
    fields.add(name, value);
  });
  removeHopByHop(fields);
  // Its answer is waited for by nobody.
  fields.remove("expect");
  const contentLength = frame(fields, body, method);
  const head: RequestHead = {
    protocol: "HTTP/1.1",
    method: STANDARD.has(method.toUpperCase()) ? method.toUpperCase() : method,
    scheme: "http",
    authority: headers.get("host") ?? authority,
    path,
    pathFlags: 0,
    fields,
    contentLength,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
  };
  return { head, body, signal: init.signal ?? from?.signal ?? null };
}

/** The methods whose case `fetch` corrects. */
const STANDARD: ReadonlySet<string> = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH"]);

function readBody(init: RequestInit, from: Request | null, headers: Headers): Outgoing["body"] {
  const given = init.body;
  if (given === undefined || given === null) return from?.body ?? null;
  headers.delete("content-length");
  // The runtime knows how each kind of body is written, and what it is.
  const written = new Response(given);
  // Bun leaves it out for text.
  const type = written.headers.get("content-type") ?? (typeof given === "string" ? "text/plain;charset=UTF-8" : null);
  if (type !== null && !headers.has("content-type")) headers.set("content-type", type);
  if (typeof given === "string") return new TextEncoder().encode(given);
  return given instanceof Uint8Array ? new Uint8Array(given) : written.body;
}

/** Sets how the body ends; its length, −1: by chunks. */
function frame(fields: Fields, body: Outgoing["body"], method: string): number {
  const promised = fields.list("content-length");
  if (body instanceof Uint8Array) {
    fields.set("Content-Length", `${body.length}`);
    return body.length;
  }
  if (body !== null && promised !== null && /^\d{1,15}$/.test(promised)) return Number(promised);
  fields.remove("content-length");
  if (body !== null) return -1;
  // RFC 9110 8.6: for methods that have a body otherwise, none is said to be none.
  if (/^(?:POST|PUT|PATCH)$/i.test(method)) fields.add("Content-Length", "0");
  return 0;
}
