/** What a peer controls in a header block (RFC 7541), in one place. How large a decoded block may be is told to `HeaderBlock`. */

/**
 * Representations in one block, after which it is a connection error. An indexed field costs the sender one byte, so a block of
 * references costs more to read than to send (CVE-2026-49975). Twenty times the fields that a head may have: a list that is only too long
 * is still read to its end and answered, with the tables of both sides in step.
 */
export const BLOCK_REPRESENTATIONS = 2048;
/** Bytes of an integer behind its prefix (RFC 7541 5.1): 28 bits are more than any length, index or table size that is taken here. */
export const INTEGER_BYTES = 4;
/** The largest integer taken, so that it fits an int32 together with the count of its bytes. */
export const LARGEST_INTEGER = 2 ** 27 - 1;
/** Entries of one hash chain that the encoder looks at: what upstreams send must not make each lookup a walk through the table. */
export const CHAIN_STEPS = 16;
