import { NO_BYTES } from "../base/bytes.ts";
import { localFault, type ProxyError } from "../base/error.ts";
import { Fields } from "../http/fields.ts";
import type { Reply } from "./types.ts";

/** Resets the client's stream; over HTTP/1.x its connection. */
export const RESET: ProxyError = localFault("filterReset", 0, "a filter resets the request");

/** The reply of a redirect. Throws a TypeError for a location with characters that no field may hold. */
export function redirectTo(location: string, status: 301 | 302 | 303 | 307 | 308 = 302): Reply {
  if (!/^[\x21-\x7e\x80-\xff]+$/.test(location)) {
    throw new TypeError(`give a location without spaces and control characters, found ${JSON.stringify(location)}`);
  }
  const fields = Fields.of("Location", location, "Content-Length", "0");
  return { head: { status, reason: "", fields, contentLength: 0, upgrade: "" }, body: NO_BYTES };
}
