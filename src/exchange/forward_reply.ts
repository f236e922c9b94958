import type { Fields } from "../http/fields.ts";
import type { ResponseHead } from "../http/head.ts";
import { removeHopByHop } from "../http/hop_by_hop.ts";
import { ID } from "../http/names.ts";
import { httpDate } from "./reply.ts";
import type { Site } from "./site.ts";

const CONTENT_LENGTH_BIT = 1 << ID["content-length"];
const DATE_BIT = 1 << ID.date;

/** Makes a received reply's head the one that goes on. */
export function forwardReply(h: ResponseHead, site: Site): void {
  const f = h.fields;
  if (h.status === 426) removeAllButUpgrade(f);
  else removeHopByHop(f);
  // RFC 9110 8.6: no Content-Length in a 1xx or 204.
  if (h.status === 204 && (f.mask & CONTENT_LENGTH_BIT) !== 0) f.remove("content-length");
  // RFC 9110 6.6.1: who forwards a response without Date, and has a clock, adds one.
  if ((f.mask & DATE_BIT) === 0) f.add("Date", httpDate(site.wall()));
  site.forwarded.applyResponse(f);
}

/** RFC 9110 15.5.22: the protocols that a 426 asks for are its point. */
function removeAllButUpgrade(f: Fields): void {
  const wanted = f.list("upgrade");
  removeHopByHop(f);
  if (wanted === null) return;
  f.add("Upgrade", wanted);
  f.add("Connection", "upgrade");
}
