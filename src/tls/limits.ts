/** What a peer controls before and in a handshake, in one place. */

/** Bytes of a ClientHello: post-quantum key shares make it 1.5 KiB, a ticket and ECH 3 KiB; 16 KiB is what one TLS record holds (RFC 8446 5.1). */
export const CLIENT_HELLO_BYTES = 16 * 1024;
/** Records that a ClientHello may be spread over: stacks make one or two of it, records of one byte each are made to cost. */
export const CLIENT_HELLO_RECORDS = 32;
/** Extensions of a ClientHello: browsers send 20, each type at most once (RFC 8446 4.2). */
export const CLIENT_HELLO_EXTENSIONS = 64;
/** Protocols that a ClientHello may offer (RFC 7301): there are a dozen registered that a TCP client could want. */
export const ALPN_NAMES = 32;
/** Bytes of one certificate: those with a hundred names have 6 KiB; a file or a peer may bring nonsense. */
export const CERTIFICATE_BYTES = 64 * 1024;
/** Characters of a PEM file: the bundle of all public authorities has 220 KiB. */
export const PEM_BYTES = 4 * 1024 * 1024;
/** Blocks of a PEM file: the bundle of all public authorities has 150. */
export const PEM_BLOCKS = 2000;
/** Certificates that a peer may send: chains have three or four, a peer that sends hundreds wants them read. */
export const PEER_CERTIFICATES = 16;
/** Authorities between a peer's certificate and a trusted one: public ones have two, and a path costs a signature each. */
export const CHAIN_DEPTH = 8;
/** Signatures that are checked for one chain: certificates with one name and many keys would make a tree of paths (CVE-2023-0464). */
export const CHAIN_SIGNATURES = 24;
/** Chains that are remembered as good: a handshake saves a millisecond, an entry costs 100 bytes. */
export const REMEMBERED_CHAINS = 4096;
/** Bits of an RSA key: what all public authorities ask for, and fewer can be factored by the wealthy. */
export const RSA_BITS = 2048;
/** Names of a certificate times constraints of an authority above it: more is made to cost (64 KiB of each would be millions). */
export const NAME_COMPARISONS = 64 * 1024;
/** Bytes of a method by which HTTP/1.x is told from other protocols: the longest registered one, UPDATEREDIRECTREF, has 17. */
export const DETECTED_METHOD_BYTES = 24;
/** Bytes of a request line that are waited for to tell HTTP/1.x from other protocols: common servers take 8 KiB. */
export const DETECTED_LINE_BYTES = 8 * 1024;
