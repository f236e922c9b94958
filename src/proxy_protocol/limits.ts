/** What whoever sends a PROXY header controls, in one place. Section numbers are those of HAProxy's proxy-protocol.txt. */

/** Bytes of a header of version 1, CRLF included (2.1): the longest line that a sender may make. */
export const V1_BYTES = 107;
/**
 * Bytes of a header of version 2, which could say 64 KiB: addresses, a name, a protocol and an identifier have 600, a client's certificate
 * in DER 2 to 5 KiB. It also fits in the send buffer of a new connection, so that a header leaves at once.
 */
export const V2_BYTES = 8 * 1024;
/** TLVs of one header: an empty one takes 3 bytes, and an object for each would be 20 times as much. There are a dozen registered. */
export const TLVS = 64;
/** Bytes of a name (2.2.2): what DNS allows (RFC 1035 2.3.4). */
export const AUTHORITY_BYTES = 255;
/** Bytes of a protocol's name (2.2.1): what ALPN allows (RFC 7301 3.1). */
export const ALPN_BYTES = 255;
/** Bytes of a connection's identifier (2.2.5). */
export const UNIQUE_ID_BYTES = 128;
