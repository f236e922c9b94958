import { encodeLatin1 } from "../../base/bytes.ts";

/** What a client sends first (RFC 9113 3.4). */
export const PREFACE: Uint8Array = encodeLatin1("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
