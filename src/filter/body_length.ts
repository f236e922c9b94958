import type { Fields } from "../http/fields.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import { ID } from "../http/names.ts";

type Head = Pick<RequestHead | ResponseHead, "fields" | "contentLength">;

/** For a filter that makes a body longer or shorter as it streams: what goes on is chunked, or ends with its stream. */
export function forgetLength(head: Head): void {
  head.fields.remove("content-length");
  head.contentLength = -1;
}

/** The body is `length` bytes. */
export function setLength(head: Head, length: number): void {
  head.fields.set("Content-Length", String(length));
  head.contentLength = length;
}

/**
 * Makes the field agree with the number, whatever filters made of either: `before` is the number that came, with which the received field
 * agrees. Two readers of the message must not find two lengths (RFC 9112 6.3).
 */
export function settleLength(head: Head, before: number): void {
  const { fields: f, contentLength: n } = head;
  if (!f.hasId(ID["content-length"]) || (n === before && !addsLength(f))) return;
  if (n < 0) f.remove("content-length");
  else if (f.list("content-length") !== String(n)) f.set("Content-Length", String(n));
}

function addsLength({ added }: Fields): boolean {
  if (added === null) return false;
  for (let i = 0; i < added.length; i += 2) {
    const name = added[i]!;
    if (name.length === 14 && name.toLowerCase() === "content-length") return true;
  }
  return false;
}

export const WRONG_LENGTH =
  "call forgetLength on the head, or replace the body: filters wrote one that is not as long as its Content-Length";

/** Whether a body is as long as its head says. */
export class LengthCheck {
  /** Bytes that may still come; Infinity: any number. */
  #left = Number.POSITIVE_INFINITY;

  /** `length` below 0: not known. */
  start(length: number): void {
    this.#left = length < 0 ? Number.POSITIVE_INFINITY : length;
  }

  /** false: longer than announced, or at its `end` shorter. */
  takes(bytes: number, end: boolean): boolean {
    this.#left -= bytes;
    return this.#left >= 0 && (!end || this.#left === 0 || this.#left === Number.POSITIVE_INFINITY);
  }
}
