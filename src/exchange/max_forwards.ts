import type { ProxyError } from "../base/error.ts";
import type { Reply } from "../filter/types.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestHead } from "../http/head.ts";
import { BAD_MAX_FORWARDS, TRACE_REFUSED } from "./exchange_faults.ts";
import { allowReply } from "./reply.ts";

/** Digits of a number of hops that is taken for one. */
const DIGITS = 9;

/** How many more times the request may be forwarded (RFC 9110 7.6.2); null: the field is no number, or there are several. */
function maxForwards(f: Fields): number | null {
  const all = f.getAll("max-forwards");
  const value = all[0] ?? "";
  return all.length === 1 && value.length <= DIGITS && /^\d+$/.test(value) ? Number(value) : null;
}

/** One hop fewer for the next recipient. */
function passMaxForwards(f: Fields, hops: number): void {
  f.set("Max-Forwards", String(hops - 1));
}

/** What becomes of a request with the field, which is changed for the next recipient. Only OPTIONS and TRACE count their hops. */
export function countHop({ method, fields }: RequestHead): "goesOn" | "endsHere" | "bad" {
  if (method !== "OPTIONS" && method !== "TRACE") return "goesOn";
  const hops = maxForwards(fields);
  if (hops === null) return "bad";
  if (hops === 0) return "endsHere";
  passMaxForwards(fields, hops);
  return "goesOn";
}

/** RFC 9110 7.6.2: a request that may go no further is answered as its last recipient would; null: it goes on. */
export function hopAnswer(head: RequestHead, wall: number): Reply | ProxyError | null {
  const hop = countHop(head);
  if (hop === "goesOn") return null;
  if (hop === "bad") return BAD_MAX_FORWARDS;
  return head.method === "TRACE" ? TRACE_REFUSED : allowReply(wall);
}
