/** What a peer controls before and in a handshake, in one place. */

/** Bytes of a ClientHello: post-quantum key shares make it 1.5 KiB, a ticket and ECH 3 KiB; 16 KiB is what one TLS record holds (RFC 8446 5.1). */
export const CLIENT_HELLO_BYTES = 16 * 1024;
/** Records that a ClientHello may be spread over: stacks make one or two of it, records of one byte each are made to cost. */
export const CLIENT_HELLO_RECORDS = 32;
/** Extensions of a ClientHello: browsers send 20, each type at most once (RFC 8446 4.2). */
export const CLIENT_HELLO_EXTENSIONS = 64;
/** Protocols that a ClientHello may offer (RFC 7301): there are a dozen registered that a TCP client could want. */
export const ALPN_NAMES = 32;
