import { ID } from "../names.ts";

/** Fields that a head in HTTP/2 never holds (RFC 9113 8.2.2). */
export const CONNECTION_FIELDS: number =
  (1 << ID.connection) |
  (1 << ID["keep-alive"]) |
  (1 << ID["proxy-connection"]) |
  (1 << ID["transfer-encoding"]) |
  (1 << ID.upgrade) |
  (1 << ID["http2-settings"]);
/** In a request :authority says what Host would (RFC 9113 8.3.1): one of them, so that nobody has to choose. */
export const REQUEST_HIDDEN: number = CONNECTION_FIELDS | (1 << ID.host);
