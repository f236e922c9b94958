/** What a peer controls on an HTTP/1.x connection, in one place. A listener's config may set other numbers where it has a key. */
export interface H1Limits {
  /** Bytes of a head with its start line; 64 KiB holds the largest cookies that browsers send (about 4 KiB × 10) several times over. */
  readonly headBytes: number;
  /** Bytes of the start line; 16 KiB is twice what RFC 9112 section 3 asks every server to take. */
  readonly startLineBytes: number;
  /** Fields in a head or trailer section: Envoy's default; a cost per field is paid whatever its size. */
  readonly fields: number;
}

export const DEFAULT_H1_LIMITS: H1Limits = { headBytes: 64 * 1024, startLineBytes: 16 * 1024, fields: 100 };

/** Bytes of a method: the longest registered one has 17. */
export const METHOD_BYTES = 32;
/** Empty lines taken before a request line (RFC 9112 2.2 asks for at least one). */
export const LEADING_EMPTY_LINES = 1;
/** Bytes of one chunk's line: 16 hex digits and room for one ordinary extension. */
export const CHUNK_LINE_BYTES = 256;
/** Bytes of chunk extensions in one body: they are dropped, so a sender of many has no good reason. */
export const CHUNK_EXTENSION_BYTES = 16 * 1024;
/** Hex digits of a chunk size that stay an exact integer (2^52). */
export const CHUNK_SIZE_DIGITS = 13;
/** Bytes of a trailer section: as large as a head would be is never needed. */
export const TRAILER_BYTES = 16 * 1024;
/** Interim responses before a final one: an upstream that sends them for ever holds the exchange open. */
export const INTERIM_RESPONSES = 16;
/** Bytes handed out and not yet credited before reading stops: the memory of one direction of one exchange. */
export const READ_WINDOW = 256 * 1024;
/** What a held-back piece of a body counts for besides its bytes: chunks of one byte each would cost more memory than they say. */
export const PIECE_BYTES = 256;
/** Bytes of output waiting for the socket before pipelined requests are left for later. */
export const OUTPUT_HIGH = 64 * 1024;
/** A body chunk up to this size is copied behind what waits to be sent, so that one system call sends both. */
export const COALESCE_BYTES = 4 * 1024;
